//! The section `memory`: the plan's numbers, the plan's names, and what cannot make sense.

mod support;

use appliance_config::{MemoryEmbedder, MemoryVectors};
use secrecy::ExposeSecret as _;
use support::{given, origin};

#[test]
fn without_any_source_memory_has_the_plans_numbers_and_needs_nobody() {
    let memory = given().load().memory;
    assert_eq!((memory.hot_hours, memory.hot_items), (24, 1_000));
    assert_eq!((memory.warm_days, memory.warm_items), (30, 50_000));
    assert_eq!((memory.cold_days, memory.cold_gb), (365, 100));
    assert_eq!((memory.forgotten_days, memory.maintenance_minutes), (30, 60));
    assert_eq!((memory.vectors, memory.embedder), (MemoryVectors::Builtin, MemoryEmbedder::Static));
    assert_eq!(memory.openai.base_url.as_str(), "https://api.openai.com/v1");
    assert_eq!(memory.openai.model, "text-embedding-3-small");
    assert_eq!((memory.openai.dimensions, memory.openai.batch), (1_536, 100));
    assert_eq!(memory.cache_days, 30);
    assert_eq!(memory.qdrant.address(), "http://127.0.0.1:6334");
    assert!(memory.relevance_floor.is_none() && memory.ranking.words.is_none());
}

#[test]
fn sections_inside_a_section_are_read_from_files_and_variables() {
    let yaml = "memory:\n  hot_items: 50\n  relevance_floor: 0.4\n  openai:\n    batch: 7\n  \
                ranking: {words: 2, half_life_days: 12.5, pool: 200}\n";
    let given = given().file("config.yaml", yaml);
    let given = given.env("AI_INFRA__MEMORY__RANKING__AUTHOR", "1.5");
    let settings = given.load();
    let memory = &settings.memory;
    assert_eq!((memory.hot_items, memory.openai.batch), (50, 7));
    assert_eq!(memory.relevance_floor, Some(0.4));
    assert_eq!((memory.ranking.words, memory.ranking.half_life_days), (Some(2.0), Some(12.5)));
    assert_eq!((memory.ranking.pool, memory.ranking.author), (Some(200), Some(1.5)));
    assert!(origin(&settings, "memory.openai.batch").ends_with("config.yaml:5"));
    let wrong = support::given().file("config.yaml", "memory:\n  openai: 3\n").wrong();
    assert!(wrong[0].contains("memory.openai: expected a section"), "{wrong:?}");
    let wrong = support::given().file("config.yaml", "memory: {openai: {bach: 3}}").wrong();
    assert!(wrong[0].ends_with("did you mean `memory.openai.batch`?"), "{wrong:?}");
}

#[test]
fn the_plans_names_choose_the_services() {
    let given = given()
        .env("AI_INFRA__MEMORY__VECTORS", "qdrant")
        .env("AI_INFRA__MEMORY__EMBEDDER", "openai")
        .env("OPENAI_API_KEY", "sk-test")
        .env("QDRANT_HOST", "qdrant.internal")
        .env("QDRANT_PORT", "6333")
        .env("QDRANT_API_KEY", "q-test");
    let settings = given.load();
    let memory = &settings.memory;
    assert_eq!((memory.vectors, memory.embedder), (MemoryVectors::Qdrant, MemoryEmbedder::OpenAi));
    assert_eq!(memory.openai.api_key.as_ref().unwrap().expose_secret(), "sk-test");
    assert_eq!(memory.qdrant.api_key.as_ref().unwrap().expose_secret(), "q-test");
    assert_eq!(memory.qdrant.address(), "http://qdrant.internal:6334");
    assert!(settings.notes[0].contains("6333, Qdrant's REST port"), "{:?}", settings.notes);

    let given = given.env("QDRANT_GRPC_PORT", "7001");
    assert_eq!(given.load().memory.qdrant.address(), "http://qdrant.internal:7001");
    let given = given.env("QDRANT_URL", "https://q.example.com:443");
    assert_eq!(given.load().memory.qdrant.address(), "https://q.example.com:443");
    assert!(given.load().notes.is_empty());
}

#[test]
fn what_is_set_for_a_service_that_is_not_chosen_is_told() {
    let settings = given().env("OPENAI_API_KEY", "sk-test").env("QDRANT_PORT", "6333").load();
    let notes = settings.notes.join("\n");
    assert!(notes.contains("OPENAI_API_KEY") && notes.contains("memory.embedder is not openai"));
    assert!(notes.contains("QDRANT_PORT") && notes.contains("memory.vectors is not qdrant"));
    assert!(!notes.contains("sk-test"), "{notes}");
}

#[test]
fn what_cannot_make_sense_is_refused_with_the_way_out() {
    let cases = [
        ("hot_hours: 0", "a whole number from 1 to 8760"),
        ("warm_items: -1", "a whole number from 1 to"),
        ("cold_gb: many", "a whole number from 1 to"),
        ("vectors: faiss", "expected `builtin` or `hnsw_rs` or `qdrant`"),
        ("embedder: word2vec", "expected `static` or `openai`"),
        ("openai: {dimensions: 0}", "a whole number from 8 to 8192"),
        ("openai: {batch: 5000}", "a whole number from 1 to 2048"),
        ("relevance_floor: 7", "a number from -1 to 2"),
        ("ranking: {words: -1}", "a number from 0 to 100"),
        ("qdrant: {port: 70000}", "a whole number from 1 to 65535"),
        ("{warm_days: 1, hot_hours: 48}", "memory.hot_hours is 48, which is longer"),
        ("{warm_days: 40, cold_days: 40}", "would be deleted at once; set it higher"),
        ("embedder: openai", "there is no key for it; set OPENAI_API_KEY"),
    ];
    for (yaml, expected) in cases {
        let yaml = if yaml.starts_with('{') { yaml.to_owned() } else { format!("{{{yaml}}}") };
        let wrong = given().file("config.yaml", &format!("memory: {yaml}")).wrong();
        assert_eq!(wrong.len(), 1, "{yaml}: {wrong:?}");
        assert!(wrong[0].contains(expected), "{yaml}: {wrong:?}");
    }
}

#[test]
fn a_number_that_is_none_is_refused() {
    for value in ["NaN", "inf", "-inf", "1e999"] {
        let wrong = given().env("AI_INFRA__MEMORY__RANKING__WORDS", value).wrong();
        assert!(wrong[0].contains("expected a number from 0 to 100"), "{value}: {wrong:?}");
    }
}

#[test]
fn an_embedding_service_of_ones_own_may_need_no_key() {
    let yaml = "memory: {embedder: openai, openai: {base_url: \"http://127.0.0.1:11434/v1\"}}";
    let settings = given().file("config.yaml", yaml).load();
    assert_eq!(settings.memory.openai.base_url.as_str(), "http://127.0.0.1:11434/v1");
}

#[test]
fn the_services_keys_are_in_no_output() {
    const CANARY: &str = "sk-canary-93bd";
    let settings = given()
        .env("AI_INFRA__MEMORY__EMBEDDER", "openai")
        .env("OPENAI_API_KEY", CANARY)
        .env("QDRANT_API_KEY", CANARY)
        .load();
    let shown = format!("{settings:?} {:?} {:?}", settings.memory, settings.entries());
    assert!(!shown.contains(CANARY), "{shown}");
    assert!(!settings.notes.join("\n").contains(CANARY));
}
