//! A whole HTTP face over a store in a temporary directory, with two people set up in it.

use std::{net::SocketAddr, sync::Arc};

use appliance_core::{
    Batch, IdMint, User, UserId, UserRole, Write,
    ports::{Live, PeerProcess, Records},
    time::{Clock, ManualClock},
};
use appliance_redact::Redactor;
use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use secrecy::SecretBox;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use storage_embedded::{DataDir, LiveHub, Store};
use tempfile::TempDir;
use tower::ServiceExt as _;
use web_api::{Faces, LogTail, Metrics, Parts, Peer, Settings};
use web_dto::{LoggedIn, Problem};

use crate::{
    care::HouseCare,
    fakes::{FakeDesk, FakeFleet, FakeModel, SubstringSearch},
};

pub const HOST: &str = "127.0.0.1:8000";
pub const PEOPLE_KEY: &str = "the key beside the socket";
pub const PASSWORD: &str = "correct horse battery";
const START_MILLIS: u64 = 1_793_000_000_000;

/// The face and what stands behind it.
pub struct House {
    pub router: Router,
    pub agents: Router,
    pub store: Store,
    pub live: Arc<LiveHub>,
    pub clock: Arc<ManualClock>,
    pub mint: IdMint,
    pub fleet: Arc<FakeFleet>,
    pub model: Arc<FakeModel>,
    pub care: Arc<HouseCare>,
    pub log: LogTail,
    _folder: TempDir,
}

/// A person that has logged in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub jwt: String,
    pub cookie: String,
}

/// What a request is sent as.
#[derive(Debug, Clone, Copy)]
pub enum As<'a> {
    Nobody,
    Bearer(&'a Person),
    Cookie(&'a Person),
    Local,
    Agent,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {} {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }

    #[track_caller]
    pub fn problem(&self) -> Problem {
        assert!(
            self.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("application/problem"),
            "{self:?}"
        );
        let problem: Problem = self.json();
        assert_eq!(problem.status, self.status.as_u16());
        assert_eq!(problem.request_id.as_bytes(), self.headers["x-request-id"].as_bytes());
        problem
    }

    /// Checks status and code of a refusal.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Problem {
        let problem = self.problem();
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{}", problem.detail);
        assert!(!problem.hint.is_empty() && !problem.detail.is_empty());
        problem
    }
}

impl House {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// Builds a house whose parts the test may change first.
    pub fn with(change: impl FnOnce(&mut Parts)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at_millis(START_MILLIS));
        let data = DataDir::open(folder.path().join("data")).unwrap();
        let store = Store::open(&data, clock.clone(), appliance_tasks::Tasks::new()).unwrap();
        let live = Arc::new(LiveHub::new(77));
        let fleet = Arc::new(FakeFleet::default());
        let model = Arc::new(FakeModel::default());
        let mint = IdMint::new(clock.clone() as Arc<dyn Clock>, store.newest_millis());
        let metrics = Metrics::new();
        let shared = Arc::new(store.clone());
        let care = Arc::new(HouseCare::new(shared.clone(), mint.clone()));
        let log = LogTail::new(100);
        let key = SecretBox::new(Box::new([5; 32]));
        let listen: SocketAddr = HOST.parse().unwrap();
        let mut settings = Settings::new(listen, key, PEOPLE_KEY.into());
        settings.allowed_hosts = vec!["ai.example.com".to_owned()];
        let mut parts = Parts {
            records: metrics.counting(shared.clone()),
            signs: shared.clone(),
            damage: shared.clone(),
            users: shared.clone(),
            conversations: shared.clone(),
            tasks: shared.clone(),
            home: appliance_tasks::Tasks::new(),
            trail: shared.clone(),
            streams: shared.clone(),
            live: live.clone(),
            memories: shared.clone(),
            search: Arc::new(SubstringSearch(shared.clone())),
            care: care.clone(),
            purging: care.clone(),
            desk: Arc::new(FakeDesk),
            fleet: fleet.clone(),
            model: model.clone(),
            redactor: Redactor::default(),
            mint: mint.clone(),
            metrics,
            log: Some(log.clone()),
            settings,
        };
        change(&mut parts);
        let Faces { people: router, agents } = web_api::faces(parts);
        Self { router, agents, store, live, clock, mint, fleet, model, care, log, _folder: folder }
    }

    /// Makes an account that has not been set up.
    pub async fn account(&self, role: UserRole) -> UserId {
        let now = self.clock.now();
        let user = User {
            id: self.mint.next(UserId::from_uuid),
            email: None,
            password_hash: None,
            display_name: "somebody".to_owned(),
            role,
            is_active: true,
            created_at: now,
            updated_at: now,
            last_login_at: None,
        };
        self.store.apply(Batch::new().write(Write::PutUser(user.clone()))).await.unwrap();
        user.id
    }

    /// Returns the token of a new set-up link.
    pub async fn link(&self, user: UserId) -> String {
        let made = web_api::setup::mint_link(&self.store, &self.mint, user, "http://x").await;
        made.unwrap().url.split_once("#t=").unwrap().1.to_owned()
    }

    /// Makes a person by the way people take: link, then set-up.
    pub async fn person(&self, name: &str, role: UserRole) -> Person {
        let id = self.account(role).await;
        let answer = self.set_up(&self.link(id).await, name).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        person_of(id, &answer)
    }

    pub async fn set_up(&self, token: &str, name: &str) -> Answer {
        let body = json!({"token": token, "display_name": name,
            "email": format!("{name}@Example.com"), "password": PASSWORD});
        self.post("/api/auth/setup", As::Nobody, &body).await
    }

    /// Two people: the first an admin, the second not.
    pub async fn two_people(&self) -> (Person, Person) {
        (self.person("ann", UserRole::Admin).await, self.person("bob", UserRole::User).await)
    }

    pub async fn login(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.post("/api/auth/login", As::Nobody, &body).await
    }

    pub async fn get(&self, path: &str, who: As<'_>) -> Answer {
        self.send(request(Method::GET, path, who, Body::empty())).await
    }

    pub async fn post(&self, path: &str, who: As<'_>, body: &impl Serialize) -> Answer {
        self.json(Method::POST, path, who, body).await
    }

    pub async fn json(
        &self,
        method: Method,
        path: &str,
        who: As<'_>,
        body: &impl Serialize,
    ) -> Answer {
        let bytes = serde_json::to_vec(body).unwrap();
        let mut request = request(method, path, who, Body::from(bytes));
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        self.send(request).await
    }

    /// Sends bytes that are declared as JSON, whatever they are.
    pub async fn raw(&self, path: &str, who: As<'_>, body: impl Into<Body>) -> Answer {
        let mut request = request(Method::POST, path, who, body.into());
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        self.send(request).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let door = match request.extensions().get() {
            Some(Peer::Agent(_)) => &self.agents,
            _ => &self.router,
        };
        let response = door.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Opens a conversation of `who` and returns its id.
    pub async fn conversation(&self, who: As<'_>) -> String {
        let answer = self.post("/api/conversations", who, &json!({})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json::<Value>()["id"].as_str().unwrap().to_owned()
    }

    /// Says something and returns the ids it can be followed by.
    pub async fn say(&self, conversation: &str, who: As<'_>, text: &str) -> web_dto::Accepted {
        let path = format!("/api/conversations/{conversation}/messages");
        let answer = self.post(&path, who, &json!({"content": text})).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        answer.json()
    }

    pub fn epoch(&self) -> u64 {
        self.live.position(appliance_core::Topic::Agents).0
    }
}

/// A house with two people in it and a conversation of the first.
pub struct Scene {
    pub house: House,
    pub ann: Person,
    pub bob: Person,
    pub thread: String,
}

impl Scene {
    pub async fn new() -> Self {
        let house = House::new();
        let (ann, bob) = house.two_people().await;
        let thread = house.conversation(As::Bearer(&ann)).await;
        Self { house, ann, bob, thread }
    }
}

/// Reads the logged-in person out of a log-in's answer.
pub fn person_of(id: UserId, answer: &Answer) -> Person {
    let logged_in: LoggedIn = answer.json();
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    let cookie = set.split(';').next().unwrap().to_owned();
    Person { id, jwt: logged_in.token, cookie }
}

/// Builds a request as it comes out of the accept loop.
pub fn request(method: Method, path: &str, who: As<'_>, body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
    match who {
        As::Bearer(person) => {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", person.jwt));
        }
        As::Cookie(person) => {
            request = request
                .header(header::COOKIE, &person.cookie)
                .header(header::ORIGIN, format!("http://{HOST}"));
        }
        As::Local => {
            request = request.header(header::AUTHORIZATION, format!("Bearer {PEOPLE_KEY}"));
        }
        As::Nobody | As::Agent => {}
    }
    let peer = match who {
        As::Local => Peer::Local { pid: 777, uid: 0 },
        As::Agent => Peer::Agent(PeerProcess { pid: 778, handle: None }),
        _ => Peer::Remote(SocketAddr::from(([127, 0, 0, 1], 50_000))),
    };
    request.extension(peer).body(body).unwrap()
}
