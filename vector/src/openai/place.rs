//! Results to their texts, by the index that the service gives each. Sends nothing.

use appliance_core::Embedding;
use async_openai::types::embeddings;

use super::fault::Fault;

/// Returns `count` vectors in the order of their texts, whatever order they came in.
pub(super) fn by_index(
    came: Vec<embeddings::Embedding>,
    count: usize,
    dim: usize,
) -> Result<Vec<Embedding>, Fault> {
    let mut placed: Vec<Option<Embedding>> = vec![None; count];
    for one in came {
        let at = one.index as usize;
        let Some(place) = placed.get_mut(at) else {
            return Err(Fault::Answer(format!("there is a vector {at} for {count} texts")));
        };
        if place.is_some() {
            return Err(Fault::Answer(format!("the vector {at} is there twice")));
        }
        *place = Some(unit(one.embedding, at, dim)?);
    }
    let whole: Option<Vec<Embedding>> = placed.iter().cloned().collect();
    whole.ok_or_else(|| {
        let at = placed.iter().position(Option::is_none).unwrap_or(0);
        Fault::Answer(format!("the vector {at} of {count} is missing"))
    })
}

fn unit(values: Vec<f32>, at: usize, dim: usize) -> Result<Embedding, Fault> {
    if values.len() != dim {
        return Err(Fault::Dimension { came: values.len(), wanted: dim });
    }
    if values.iter().any(|value| !value.is_finite()) {
        return Err(Fault::Answer(format!("the vector {at} holds what is no number")));
    }
    Embedding::normalised(values)
        .ok_or_else(|| Fault::Answer(format!("the vector {at} has no direction: it is all zero")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(index: u32, values: &[f32]) -> embeddings::Embedding {
        let embedding = values.to_vec();
        embeddings::Embedding { index, object: "embedding".to_owned(), embedding }
    }

    fn why(came: Vec<embeddings::Embedding>) -> String {
        by_index(came, 2, 2).unwrap_err().to_string()
    }

    #[test]
    fn a_shuffled_answer_is_right() {
        let came = vec![one(1, &[0.0, 2.0]), one(0, &[3.0, 0.0])];
        let placed = by_index(came, 2, 2).unwrap();
        assert_eq!(placed[0].values(), [1.0, 0.0]);
        assert_eq!(placed[1].values(), [0.0, 1.0]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let good = || one(0, &[1.0, 0.0]);
        assert!(why(vec![good()]).contains("the vector 1 of 2 is missing"));
        assert!(why(vec![good(), good()]).contains("the vector 0 is there twice"));
        assert!(why(vec![good(), one(2, &[1.0, 0.0])]).contains("a vector 2 for 2 texts"));
        assert!(why(vec![good(), one(1, &[1.0])]).contains("1 numbers"));
        assert!(why(vec![good(), one(1, &[f32::NAN, 1.0])]).contains("no number"));
        assert!(why(vec![good(), one(1, &[0.0, 0.0])]).contains("all zero"));
    }
}
