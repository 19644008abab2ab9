//! The built-in embedder: what it promises and what it costs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use appliance_core::{Embedding, ports::Embedder};
use vector::StaticEmbedder;

async fn embed(embedder: &StaticEmbedder, text: &str) -> Option<Embedding> {
    embedder.embed(&[text]).await.unwrap().pop().unwrap()
}

fn cosine(a: &Embedding, b: &Embedding) -> f32 {
    a.values().iter().zip(b.values()).map(|(x, y)| x * y).sum()
}

#[tokio::test]
async fn every_text_has_one_unit_vector_of_the_promised_dimension_or_none() {
    let embedder = StaticEmbedder::load().unwrap();
    assert_eq!((embedder.model(), embedder.dim()), ("minilm-static-256", 256));
    let texts = ["the heron", "", " \t\n", "\u{1F426}", "ünï cödé `rm -rf` <b>"];
    let vectors = embedder.embed(&texts).await.unwrap();
    assert_eq!(
        vectors.iter().map(Option::is_some).collect::<Vec<_>>(),
        [true, false, false, false, true]
    );
    for vector in vectors.iter().flatten() {
        assert_eq!(vector.values().len(), 256);
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-5);
    }
}

#[tokio::test]
async fn what_is_alike_is_nearer_than_what_is_not() {
    let embedder = StaticEmbedder::load().unwrap();
    let of = async |text| embed(&embedder, text).await.unwrap();
    let question = of("what is the staging database called?").await;
    let near = cosine(&question, &of("the staging database is called heron").await);
    let far = cosine(&question, &of("the recipe needs two eggs and some flour").await);
    assert!(near > 0.7 && far < 0.4, "near {near}, far {far}");
    assert_eq!(of("heron").await, of("heron").await, "the same text, the same vector");
}

#[tokio::test]
async fn a_long_text_is_embedded_by_its_beginning() {
    let embedder = StaticEmbedder::load().unwrap();
    let long = format!("{} {}", "the heron is a bird. ".repeat(400), "x ".repeat(30_000));
    let _ = embed(&embedder, &"a".repeat(65_536)).await; // one word: whatever it gives, no panic
    let beginning = embed(&embedder, &"the heron is a bird. ".repeat(400)).await.unwrap();
    assert!(cosine(&embed(&embedder, &long).await.unwrap(), &beginning) > 0.999);
}
