//! One person's memories, made up: statements with the question each answers, and everyday talk.

#![allow(dead_code, reason = "each test file uses its own part")]

/// A statement, a question that it answers, and a near statement that does not.
pub struct Pair {
    pub stated: &'static str,
    pub asked: &'static str,
    pub distractor: &'static str,
}

const fn pair(stated: &'static str, asked: &'static str, distractor: &'static str) -> Pair {
    Pair { stated, asked, distractor }
}

/// An earlier answer that repeats the question's words and says nothing.
pub fn unhelpful(asked: &str) -> String {
    format!("Demo model, as Research: I do not know {}", asked.to_lowercase().replace('?', "."))
}

pub const PAIRS: [Pair; 28] = [
    pair(
        "remember that the staging database is called heron",
        "what is the staging database called?",
        "the production database is called osprey",
    ),
    pair(
        "The CI runner listens on port 8093.",
        "which port does the CI runner use?",
        "The proxy listens on port 9000.",
    ),
    pair(
        "my sister's birthday is on 4 May",
        "when is my sister's birthday?",
        "my brother got married in June",
    ),
    pair(
        "please note that deployments are frozen from 20 December to 6 January",
        "when are deployments frozen?",
        "the deployment script lives in the tools folder",
    ),
    pair(
        "The API key for the weather service is rotated by Priya every quarter.",
        "who rotates the weather service key?",
        "Priya is on holiday next week.",
    ),
    pair(
        "We decided to use Postgres instead of MySQL for the billing service.",
        "which database did we choose for billing?",
        "MySQL is still running for the old shop.",
    ),
    pair(
        "the wifi password of the office is printed on the back of the router",
        "where do I find the office wifi password?",
        "the office has two meeting rooms",
    ),
    pair("I am allergic to peanuts.", "what am I allergic to?", "I like peanut-coloured sofas."),
    pair(
        "Our main customer is a hospital in Lyon.",
        "who is our main customer?",
        "Our oldest supplier is a printer in Ghent.",
    ),
    pair(
        "backups run every night at 02:30 and are kept for 30 days",
        "how long are backups kept?",
        "logs are kept for 14 days",
    ),
    pair(
        "The TLS certificate of example.com expires on 12 March.",
        "when does the certificate of example.com expire?",
        "example.com is registered at Gandi.",
    ),
    pair("my favourite editor is Helix", "which editor do I prefer?", "my keyboard layout is Neo"),
    pair(
        "The quarterly report must be sent to Martina before the tenth.",
        "who gets the quarterly report?",
        "The yearly report is in the archive.",
    ),
    pair(
        "the car is parked in garage B, level 3",
        "where is the car parked?",
        "the bicycle needs a new chain",
    ),
    pair(
        "Our monorepo uses pnpm, not npm.",
        "which package manager does the monorepo use?",
        "The monorepo has forty packages.",
    ),
    pair(
        "the on-call phone number is 555-0142",
        "what is the number of the on-call phone?",
        "the on-call rotation changes on Mondays",
    ),
    pair(
        "Nginx on the edge host is configured by Ansible, never by hand.",
        "how is nginx on the edge host configured?",
        "The edge host has 16 GB of memory.",
    ),
    pair(
        "my flight to Oslo leaves at 7:45 on Friday",
        "when does my flight to Oslo leave?",
        "my hotel in Bergen has a sauna",
    ),
    pair(
        "The service account for GitHub is called robin-bot.",
        "what is the name of the GitHub service account?",
        "The GitHub organisation has nine members.",
    ),
    pair(
        "We pay 49 euros a month for the mail server.",
        "how much does the mail server cost?",
        "The mail server runs Debian.",
    ),
    pair(
        "the design documents live in the folder named atlas on the shared drive",
        "where are the design documents?",
        "the design review is every second Tuesday",
    ),
    pair("Tomás owns the search team.", "who leads the search team?", "Tomás moved to Porto."),
    pair(
        "The retry limit of the payment worker is five.",
        "how often does the payment worker retry?",
        "The payment worker is written in Go.",
    ),
    pair(
        "keep in mind that invoices over 5000 euros need two signatures",
        "which invoices need two signatures?",
        "invoices are numbered by year",
    ),
    pair(
        "My daughter's school starts at half past eight.",
        "what time does school begin for my daughter?",
        "My son's team plays on Saturdays.",
    ),
    pair(
        "the vector index is rebuilt whenever the embedding model changes",
        "when is the vector index rebuilt?",
        "the text index takes 200 megabytes",
    ),
    pair(
        "Feature flags are stored in Redis under the prefix ff.",
        "where are feature flags stored?",
        "Sessions expire after twelve hours.",
    ),
    pair(
        "the dentist appointment is on Thursday at three",
        "when do I have to go to the dentist?",
        "the physiotherapist is on holiday",
    ),
];

pub const TALK: [&str; 60] = [
    "good morning",
    "thanks, that worked",
    "write a python function that reverses a string",
    "can you make the tests faster?",
    "the build is green again",
    "let us have lunch at noon",
    "refactor the parser into smaller files",
    "the printer is out of paper",
    "I will be late today",
    "open a pull request for the login page",
    "the meeting went well",
    "what do you think about dark mode?",
    "rename the column user_name to login",
    "the coffee machine is broken",
    "please summarise the meeting notes",
    "is nginx up?",
    "restart the blog container",
    "Berlin was cold this weekend",
    "translate this sentence into French",
    "the new monitor arrived",
    "our website was slow yesterday evening",
    "compare Rust and Go for a command line tool",
    "delete the temporary files",
    "the invoice from the hosting company is wrong",
    "I finished reading the book about octopuses",
    "add a unit test for the date parser",
    "how many users signed up this week?",
    "the garden needs water",
    "upgrade the kernel on the test machine",
    "our intern starts on Monday",
    "the train was delayed by forty minutes",
    "draw a diagram of the message flow",
    "the customer wants a discount",
    "find papers about approximate nearest neighbour search",
    "the lights in the server room flicker",
    "move the ticket to the next sprint",
    "the release notes are finished",
    "buy a present for Anna",
    "explain the borrow checker to me",
    "the load balancer drops idle connections after a minute",
    "my laptop battery lasts four hours",
    "we should hire another designer",
    "the recipe needs two eggs and some flour",
    "check the logs of the mail queue",
    "the cat slept on the keyboard",
    "increase the font size on the dashboard",
    "the conference in Vienna was cancelled",
    "clean up the old docker images",
    "I need a new passport photo",
    "the workshop about accessibility was useful",
    "convert the csv file to json",
    "the parking lot is full before nine",
    "the fonts on the landing page look odd",
    "measure how long the import takes",
    "the neighbours are renovating",
    "please remind the team about the survey",
    "the cache hit rate dropped to sixty percent",
    "plan a trip to the mountains",
    "the error message is in German",
    "turn off the heating in the storage room",
];

pub const UNRELATED: [&str; 10] = [
    "what is the airspeed of an unladen swallow?",
    "who won the chess championship in 1985?",
    "how deep is the Mariana trench?",
    "which instrument did Miles Davis play?",
    "what colour are emeralds?",
    "when was the treaty of Westphalia signed?",
    "how do bees make honey?",
    "who painted the night watch?",
    "what does photosynthesis produce?",
    "which planet has the most moons?",
];
