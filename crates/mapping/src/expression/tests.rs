//! Expressions that people write, and such as nobody should.

use proptest::prelude::*;

use super::*;

fn expression(source: &str) -> Result<Expression, InvalidExpression> {
    Expression::new(source, &Field::ALL)
}

fn ana() -> Seen {
    let known = BTreeMap::from([
        (Field::FirstName, Value::text("Ana")),
        (Field::Company, Value::text("Example Plumbing")),
        (Field::Tags, Value::list(["lead".to_owned(), "vip".to_owned()])),
        (Field::Phones, Value::list(["+14155550123".to_owned()])),
    ]);
    Seen::new(&Field::ALL, |field| known.get(&field).cloned().flatten())
}

fn problem(source: &str) -> (String, Option<usize>) {
    let InvalidExpression { text, column } = expression(source).unwrap_err();
    (text, column)
}

#[test]
fn conditions_hold_or_they_do_not() {
    for (source, holds) in [
        ("'vip' in contact.tags", true),
        ("contact.first_name.startsWith('A') && size(contact.tags) > 1", true),
        ("contact.tags.exists(tag, tag.startsWith('le'))", true),
        ("contact.last_name == ''", true),
        ("contact.emails == []", true),
        ("contact['company'].contains('Plumb')", true),
        ("contact.phones.all(phone, phone.startsWith('+1'))", true),
        ("contact.company.matches('^Example [A-Z]')", true),
        ("has(contact.role) && contact.role != ''", false),
        ("!('lead' in contact.tags) || contact.company == 'None'", false),
    ] {
        assert_eq!(expression(source).unwrap().holds(&ana()), Ok(holds), "{source}");
    }
    let name = expression("contact.first_name").unwrap();
    let said = name.holds(&ana()).unwrap_err().to_string();
    assert_eq!(said, "`contact.first_name`: true or false is expected, and it gives a text");
}

#[test]
fn formulas_give_texts_and_lists() {
    let value = |source: &str, is_list| expression(source).unwrap().value(&ana(), is_list);
    assert_eq!(value("contact.first_name + ' ' + contact.last_name", false), Ok(Value::text("Ana")));
    assert_eq!(value("size(contact.tags)", false), Ok(Value::text("2")));
    assert_eq!(value("contact.tags.join(', ').upperAscii()", false), Ok(Value::text("LEAD, VIP")));
    assert_eq!(value("contact.role", false), Ok(None));
    let both = Value::list(["lead!".to_owned(), "vip!".to_owned()]);
    assert_eq!(value("contact.tags.map(tag, tag + '!')", true), Ok(both));
    assert_eq!(value("contact.emails", true), Ok(None));
    assert!(value("contact.first_name", true).unwrap_err().problem.contains("a list is expected"));
    assert!(value("contact.tags", false).unwrap_err().problem.contains("a text is expected"));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    assert_eq!(problem("contact.first_name +"), ("it ends too early".to_owned(), Some(21)));
    let (text, column) = problem("contact.tags == [] && contact.frist_name == ''");
    assert!(
        text.starts_with("`contact` has no field `frist_name` (known: first_name,") && column == Some(30),
        "{text} {column:?}"
    );
    assert!(problem("first_name == ''").0.contains("fields are named as in `contact.first_name`"));
    assert!(problem("contact.first_name.shout()").0.starts_with("`shout` is no function here"));
    assert!(problem("contact == 1").0.contains("name one"));
    assert!(problem("contact.first_name.x == 1").0.contains("can be asked of `contact` only"));
    assert!(problem("contact.first_name.matches('^A(')").0.contains("can't be read"));
    assert!(problem("contact.first_name.matches(contact.company)").0.contains("must be a text that stands here"));
    assert_eq!(problem("contact.first_name > 18").0, "`>` doesn't go with `string` and `int`");
    assert!(problem("{'a': 1}.a == 1").0.contains("maps") || problem("{'a': 1}.a == 1").0.contains("only"));
    assert!(problem("  ").0.contains("nothing stands here"));
}

#[test]
fn what_could_run_for_long_or_become_large_is_refused() {
    assert!(problem("contact.tags.all(a, contact.tags.all(b, a <= b || b <= a))").0.contains("too long"));
    assert!(expression("contact.tags.all(tag, ['a', 'b'].exists(known, tag == known))").is_ok());
    let grows = format!("contact.first_name{} == ''", ".replace('', 'xxxxxxxxxx')".repeat(12));
    assert!(problem(&grows).0.contains("could become longer"));
    let doubles = format!("[contact.company]{} == []", ".map(x, x + x + x + x + x + x + x + x)".repeat(20));
    assert!(problem(&doubles).0.contains("could become longer"));
    assert!(problem(&"(".repeat(500)).0.contains("brackets within brackets"));
    assert!(problem(&format!("'{}' == ''", "x".repeat(LONGEST))).0.contains("longer than"));
    assert!(problem("contact.first_name.matches('(a{500}){500}')").0.contains("too large"));
}

/// As a worker's thread has it.
fn on_a_small_stack(sources: Vec<String>) {
    let run = move || {
        for source in sources {
            if let Ok(expression) = expression(&source) {
                drop(expression.holds(&ana()));
                drop(expression.value(&ana(), true));
            }
        }
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn nothing_that_is_deep_or_long_breaks_the_stack() {
    let most = LONGEST;
    on_a_small_stack(vec![
        format!("{}1{}", "(".repeat(DEEPEST), ")".repeat(DEEPEST)),
        format!("{}true", "!".repeat(most - 4)),
        format!("{}1 == 1", "-".repeat(most - 6)),
        vec!["1"; most / 2].join("+"),
        vec!["true"; most / 6].join("&&"),
        format!("{}1{}", "true?".repeat(most / 8), ":1".repeat(most / 8)),
        format!("{}1", "false?1:".repeat(most / 9)),
        format!("contact{}", ".a".repeat(most / 2 - 4)),
        format!("contact.tags{}", "[0]".repeat(most / 3 - 5)),
        format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST)),
        format!("{}1{}", "{1:".repeat(DEEPEST), "}".repeat(DEEPEST)),
        vec!["1"; most / 4].join(" in "),
        format!("'{}'", "\\".repeat(most - 3)),
        "[1,2].all(a, ".repeat(DEEPEST) + "true" + &")".repeat(DEEPEST),
    ]);
}

proptest! {
    #[test]
    fn no_text_is_a_panic(source in ".{0,60}") {
        drop(expression(&source).map(|expression| expression.holds(&ana())));
    }

    #[test]
    fn no_words_of_the_language_are_a_panic(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "contact", ".first_name", ".tags", "(", ")", "[", "]", "{", "}", "+", "-", "!", "==", "<", "&&", "||", "?", ":", "in", "'a'", "1", "0",
            ".map(x, x", ".exists(x, ", "size(", ".replace('', 'aa')", ".split('')", ".join(',')", ".substring(", ", ", ".matches('a*')", "null", "1.5", "/", "%", "*",
        ]), 0..24),
    ) {
        let source = words.concat();
        if let Ok(expression) = expression(&source) {
            drop(expression.holds(&ana()));
            drop(expression.value(&ana(), true));
        }
    }
}
