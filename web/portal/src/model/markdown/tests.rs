//! Tests of Markdown as data: forms, growth, and texts that mean harm.

use super::*;

fn text(words: &str) -> Inline {
    Inline::Text(words.into())
}

fn paragraph(words: &str) -> Block {
    Block::Paragraph(vec![text(words)])
}

/// Every word of a tree, in order, to see that none was lost.
fn words(blocks: &[Block]) -> String {
    format!("{blocks:?}")
}

const SAMPLE: &str = "# Title\n\nSome *soft* and **loud** `code` [1].\nSecond line\n\n- one\n- two\n  - deep\n    ```sh\n    ls\n    ```\n- [x] done\n\n```rust\nfn main() {\n\n    let a = 1;\n}\n```\n\n> quoted\n> more\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. first\n\n   still first\n2. second\n\n---\n\nEnd with https://example.com/x.\n";

#[test]
fn reads_the_forms_that_answers_use() {
    let blocks = read(SAMPLE);
    assert_eq!(blocks[0], Block::Heading(1, vec![text("Title")]));
    let Block::Paragraph(line) = &blocks[1] else { panic!("{blocks:?}") };
    assert!(line.contains(&Inline::Emphasis(vec![text("soft")])), "{line:?}");
    assert!(line.contains(&Inline::Strong(vec![text("loud")])), "{line:?}");
    assert!(line.contains(&Inline::Code("code".into())), "{line:?}");
    assert!(line.contains(&Inline::Mark(1)) && line.contains(&Inline::Break), "{line:?}");
    let Block::List { start: None, items } = &blocks[2] else { panic!("{blocks:?}") };
    assert_eq!(items[0].blocks, [paragraph("one")]);
    assert_eq!((items[2].done, items[0].done, items[1].done), (Some(true), None, None));
    let Block::List { items: deep, .. } = &items[1].blocks[1] else { panic!("{items:?}") };
    let code = Block::Code { language: "sh".into(), text: "ls".into() };
    assert_eq!(deep[0].blocks, [paragraph("deep"), code]);
    let code = "fn main() {\n\n    let a = 1;\n}".to_owned();
    assert_eq!(blocks[3], Block::Code { language: "rust".into(), text: code });
    assert!(matches!(&blocks[4], Block::Quote(inside) if inside.len() == 1));
    let cell = |words| vec![text(words)];
    assert_eq!(
        blocks[5],
        Block::Table { head: vec![cell("a"), cell("b")], rows: vec![vec![cell("1"), cell("2")]] }
    );
    let Block::List { start: Some(1), items } = &blocks[6] else { panic!("{blocks:?}") };
    assert_eq!(items[0].blocks, [paragraph("first"), paragraph("still first")]);
    assert_eq!(blocks[7], Block::Rule);
    assert_eq!(blocks.len(), 9);
}

#[test]
fn a_text_that_grows_reads_as_if_it_had_come_whole() {
    let odd = "para\n===\n\n    indented\n\n    more\n\n- a\n\n\n      b\n\n<div>\nx\n\n</div>\n* * *\n~~~\nopen ``` fence\n\nstill";
    for sample in [SAMPLE, odd, "a\r\n\r\nb\r\n- c\r\n\r\n  d", "ä\n\nö `x\n\n` ü"] {
        let mut document = Document::default();
        for (end, _) in sample.char_indices().chain([(sample.len(), ' ')]) {
            document.update(&sample[..end]);
            assert_eq!(document.blocks(), read(&sample[..end]), "{:?}", &sample[..end]);
        }
        assert!(!document.settle());
    }
}

#[test]
fn only_the_last_blocks_change_while_a_text_grows() {
    let mut document = Document::default();
    assert_eq!(document.update("one\n\ntwo\n\n```\nfn"), 0);
    assert_eq!(document.update("one\n\ntwo\n\n```\nfn main"), 1, "the first paragraph stays");
    assert_eq!(document.blocks().len(), 3);
    let Block::Code { text, .. } = &document.blocks()[2] else { panic!("an open fence is code") };
    assert_eq!(text, "fn main");
    assert_eq!(document.update("another text"), 0);
    assert_eq!(document.blocks(), [paragraph("another text")]);
}

#[test]
fn a_link_whose_definition_comes_last_is_one_in_the_end() {
    let mut document = Document::default();
    let before = "see [the page]\n\nmore\n\nand more\n\n";
    document.update(before);
    document.update(&format!("{before}[the page]: https://example.com"));
    assert!(document.settle());
    assert!(words(document.blocks()).contains("https://example.com"));
}

#[test]
fn html_and_unsafe_addresses_stay_words() {
    let hostile = "<script>alert(1)</script>\n\nHi <img src=x onerror=alert(1)> there\n\n\
        [click](javascript:alert(1)) ![pic](data:text/html,x) [ok](https://e.com)";
    let blocks = read(hostile);
    let all = words(&blocks);
    assert!(all.contains("<script>alert(1)</script>"), "{all}");
    assert!(all.contains("<img src=x onerror=alert(1)>"), "{all}");
    assert!(all.contains("click") && all.contains("pic"), "{all}");
    assert!(!all.contains("javascript:") && !all.contains("data:"), "no address, no link: {all}");
    assert_eq!(all.matches("Link").count(), 1, "{all}");
}

#[test]
fn an_image_is_a_link_to_it() {
    let Block::Paragraph(line) = &read("![a chart](https://example.com/c.png)")[0] else {
        panic!()
    };
    let href = "https://example.com/c.png".into();
    assert_eq!(line[..], [Inline::Link { href, inside: vec![text("a chart")] }]);
}

#[test]
fn deep_nesting_ends_at_a_limit_and_loses_no_word() {
    fn depth(blocks: &[Block]) -> usize {
        let inside = blocks.iter().map(|block| match block {
            Block::Quote(inside) => depth(inside),
            Block::List { items, .. } => {
                items.iter().map(|item| depth(&item.blocks)).max().unwrap_or(0)
            }
            _ => 0,
        });
        1 + inside.max().unwrap_or(0)
    }
    let lists: String =
        (0..60).map(|level| format!("{}- level{level}\n", "  ".repeat(level))).collect();
    let stars = format!("{}x{}", "*a ".repeat(500), " b*".repeat(500));
    for sample in [format!("{}deepest", "> ".repeat(5_000)), lists, "[".repeat(20_000), stars] {
        let blocks = read(&sample);
        assert!(depth(&blocks) <= MAX_DEPTH + 2, "{}", depth(&blocks));
        let all = words(&blocks);
        assert!(!sample.contains("deepest") || all.contains("deepest"));
        assert!(!sample.contains("level59") || all.contains("level59"));
    }
}

#[test]
fn a_huge_fence_that_never_closes_is_one_block() {
    let code = "x = 1\n".repeat(20_000);
    let blocks = read(&format!("```<script>alert\n{code}"));
    assert_eq!(blocks.len(), 1);
    let Block::Code { language, text } = &blocks[0] else { panic!("{}", blocks.len()) };
    assert_eq!((language.as_str(), text.len()), ("<script>alert", code.len() - 1));
}
