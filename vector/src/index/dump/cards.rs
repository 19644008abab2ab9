//! What the rows of one segment are filtered by, in a dump: a fixed number of bytes a row.
//!
//! Every number is checked on the way in, so that no filter looks up a name that is not there.

use std::io::Write;

use super::{
    Fault,
    section::{Reader, Writer},
};
use crate::index::{
    card::{AGENTS, Card, Cards, Kind, NO_CONVERSATION, Tag, Times},
    names::Names,
};

/// Bytes a card takes.
const BYTES: usize = 56;

/// Writes the cards of one segment.
pub(super) fn write(out: &mut Writer<impl Write>, cards: &Cards) -> Result<(), Fault> {
    out.section((0..cards.len() as u32).map(|row| bytes_of(&cards.get(row))))
}

/// Reads the cards of `count` rows.
pub(super) fn read(from: &mut Reader, count: usize, names: &Names) -> Result<Cards, Fault> {
    let (rows, rest) = from.section()?.as_chunks::<BYTES>();
    if rows.len() != count || !rest.is_empty() {
        return Err(Fault::Corrupt("a segment has another number of cards than rows"));
    }
    let mut cards = Cards::default();
    cards.reserve(count);
    for bytes in rows {
        let card = card_of(bytes).filter(|card| is_known(card, names));
        cards.push(&card.ok_or(Fault::Corrupt("a card names what is not there"))?);
    }
    Ok(cards)
}

fn bytes_of(card: &Card) -> [u8; BYTES] {
    let Card { tag, times, message } = card;
    let mut bytes = [0; BYTES];
    let numbers = [tag.owner, tag.conversation, tag.labels].map(u32::to_le_bytes);
    let small = [tag.utility.to_le_bytes(), [tag.agent, tag.kind.0]];
    let moments = [times.said, times.from, times.until].map(i64::to_le_bytes);
    let fields = numbers.as_flattened().iter().chain(small.as_flattened());
    let fields = fields.chain(moments.as_flattened()).chain(message);
    bytes.iter_mut().zip(fields).for_each(|(byte, field)| *byte = *field);
    bytes
}

fn card_of(bytes: &[u8; BYTES]) -> Option<Card> {
    let (head, message) = bytes.split_last_chunk::<16>()?;
    let (numbers, moments) = head.split_first_chunk::<16>()?;
    let (moments, _) = moments.as_chunks::<8>();
    let [said, from, until] = [0, 1, 2].map(|n| i64::from_le_bytes(moments[n]));
    let (words, _) = numbers.as_chunks::<4>();
    let [owner, conversation, labels] = [0, 1, 2].map(|n| u32::from_le_bytes(words[n]));
    let [low, high, agent, kind] = words[3];
    let utility = u16::from_le_bytes([low, high]);
    let tag = Tag { owner, conversation, labels, utility, agent, kind: Kind(kind) };
    Some(Card { tag, times: Times { said, from, until }, message: *message })
}

fn is_known(Card { tag, .. }: &Card, names: &Names) -> bool {
    let conversations = names.conversations.all().len();
    (tag.owner as usize) < names.owners.all().len()
        && (tag.labels as usize) < names.labels.all().len()
        && (tag.conversation == NO_CONVERSATION || (tag.conversation as usize) < conversations)
        && usize::from(tag.agent) < AGENTS
}

#[cfg(test)]
mod tests {
    use super::{BYTES, Card, Kind, Tag, Times, bytes_of, card_of};

    #[test]
    fn a_card_comes_back_as_it_was() {
        let kind = Kind(0b11_0110);
        let tag =
            Tag { owner: 7, conversation: 1 << 30, labels: 3, utility: 9_999, agent: 6, kind };
        let times = Times { said: i64::MIN, from: -1, until: i64::MAX };
        let card = Card { tag, times, message: std::array::from_fn(|n| n as u8) };
        assert_eq!(card_of(&bytes_of(&card)), Some(card));
        assert_eq!(bytes_of(&card).len(), BYTES);
    }
}
