//! Invented people, as a grown address book has them: several numbers, other alphabets, gaps, households, and the
//! same person twice. The same seed gives the same people.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::names::{ABROAD, COMPANIES, EMOJI, FIRST, LAST, TAGS};
use super::numbers::{Country, Numbers};

/// People for the GHL twin.
#[derive(Debug)]
pub(crate) struct Sample {
    /// What people type into GHL, in order.
    pub(crate) contacts: Vec<Value>,
    /// Places of contacts that are one person entered twice: `(first, second)`.
    pub(crate) twice: Vec<(usize, usize)>,
    /// Numbers that nobody has yet.
    pub(crate) numbers: Numbers,
    /// Picks on where the sample stopped.
    pub(crate) rng: StdRng,
}

/// One invented person.
#[derive(Debug, Clone, Default)]
struct Person {
    first: String,
    last: String,
    company: Option<&'static str>,
    phones: Vec<String>,
    emails: Vec<String>,
    tags: Vec<&'static str>,
}

/// Makes that many contacts.
pub(crate) fn sample(count: usize, seed: u64) -> Sample {
    let mut maker = Maker { rng: StdRng::seed_from_u64(seed), numbers: Numbers::default(), people: Vec::new() };
    let (mut twice, mut shared) = (Vec::new(), Vec::new());
    for place in 0..count {
        let earlier = |maker: &Maker, shared: &[usize]| maker.somebody_with_phone(shared);
        // A few at fixed places, so that small samples have them too.
        let person = match (place % 50, earlier(&maker, &shared)) {
            (7 | 32, Some(base)) => {
                shared.extend([base, place]);
                maker.household(base)
            }
            (11 | 23, Some(base)) => {
                shared.extend([base, place]);
                twice.push((base, place));
                maker.again(base, place % 50 == 23)
            }
            _ => maker.person(place),
        };
        maker.people.push(person);
    }
    let contacts = maker.people.iter().map(Person::body).collect();
    Sample { contacts, twice, numbers: maker.numbers, rng: maker.rng }
}

struct Maker {
    rng: StdRng,
    numbers: Numbers,
    people: Vec<Person>,
}

impl Maker {
    /// The latest person with a name and a number that no other contact shares.
    fn somebody_with_phone(&self, shared: &[usize]) -> Option<usize> {
        let fits = |(place, person): &(usize, &Person)| {
            !shared.contains(place) && !person.first.is_empty() && !person.phones.is_empty()
        };
        self.people.iter().enumerate().rfind(fits).map(|(place, _)| place)
    }

    /// Somebody else in the same house: the same number and family name.
    fn household(&mut self, base: usize) -> Person {
        let (phones, last) = (self.people[base].phones[..1].to_vec(), self.people[base].last.clone());
        // Not in the table of first names, so it is never the same person.
        let first = (*pick(&mut self.rng, &["Robin", "Sasha", "Kim", "Toni"])).to_owned();
        Person { first, last, phones, tags: vec!["Family"], ..Person::default() }
    }

    /// The same person, entered once more by somebody in a hurry.
    fn again(&self, base: usize, shouting: bool) -> Person {
        let base = &self.people[base];
        let cased = |name: &str| if shouting { name.to_uppercase() } else { name.to_owned() };
        Person {
            first: cased(&base.first),
            last: cased(&base.last),
            phones: base.phones[..1].to_vec(),
            tags: vec!["Import 2"],
            ..Person::default()
        }
    }

    fn person(&mut self, place: usize) -> Person {
        let (mut person, slug) = self.named();
        let country = if slug.1 { self.abroad() } else { Country::UnitedStates };
        person.phones.push(self.numbers.next(country, &mut self.rng));
        person.emails.push(format!("{}{place}@example.com", slug.0));
        if self.rng.random_bool(0.4) {
            person.company = Some(*pick(&mut self.rng, &COMPANIES));
        }
        for _ in 0..self.rng.random_range(0..4) {
            person.tags.push(*pick(&mut self.rng, &TAGS));
        }
        self.roughen(person, place)
    }

    /// A name, and what to call the mailbox; true when from abroad.
    fn named(&mut self) -> (Person, (String, bool)) {
        let rng = &mut self.rng;
        if rng.random_bool(0.25) {
            let (first, last, slug) = *pick(rng, &ABROAD);
            return (person(first, last), (slug.to_owned(), true));
        }
        let (first, last) = (*pick(rng, &FIRST), *pick(rng, &LAST));
        let slug = format!("{first}.{last}");
        if rng.random_bool(0.06) {
            let last = format!("{last} {}", pick(rng, &EMOJI));
            return (person(first, &last), (slug, false));
        }
        (person(first, last), (slug, false))
    }

    fn abroad(&mut self) -> Country {
        *pick(&mut self.rng, &Country::ABROAD)
    }

    /// What is missing or comes twice in real address books. The cases take turns, so that small samples have them.
    fn roughen(&mut self, mut person: Person, place: usize) -> Person {
        match place % 20 {
            3 => {
                person.phones.push(self.numbers.next(Country::UnitedStates, &mut self.rng));
                let abroad = self.abroad();
                person.phones.push(self.numbers.next(abroad, &mut self.rng));
            }
            4 => person.emails.push(format!("office{place}@example.org")),
            6 => person.phones.clear(),
            9 => person.first.clear(),
            13 => person.emails.clear(),
            15 => (person.first, person.last) = Default::default(),
            16 => {
                person.phones.push(self.numbers.next(Country::UnitedStates, &mut self.rng));
                person.emails.push(format!("Private.{place}@Example.net"));
            }
            18 => person.last.clear(),
            _ => {}
        }
        person
    }
}

fn person(first: &str, last: &str) -> Person {
    Person { first: first.to_owned(), last: last.to_owned(), ..Person::default() }
}

impl Person {
    /// What is typed into GHL: the first number and address have a place of their own.
    fn body(&self) -> Value {
        let mut body = json!({ "country": "US" });
        let mut set = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                body[name] = json!(value);
            }
        };
        set("firstName", Some(&self.first));
        set("lastName", Some(&self.last));
        set("companyName", self.company);
        set("phone", self.phones.first().map(String::as_str));
        set("email", self.emails.first().map(String::as_str));
        let more = |items: &[String]| json!(items.get(1..).unwrap_or_default());
        body["additionalPhones"] = more(&self.phones);
        body["additionalEmails"] = more(&self.emails);
        body["tags"] = json!(self.tags);
        body
    }
}

/// One of a table.
pub(crate) fn pick<'a, T>(rng: &mut StdRng, table: &'a [T]) -> &'a T {
    &table[rng.random_range(0..table.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_gives_the_same_people_and_another_seed_others() {
        assert_eq!(sample(60, 7).contacts, sample(60, 7).contacts);
        assert_ne!(sample(60, 7).contacts, sample(60, 8).contacts);
    }

    #[test]
    fn a_small_sample_has_the_awkward_cases_too() {
        let Sample { contacts, twice, .. } = sample(25, 1);
        assert_eq!(contacts.len(), 25);
        let (first, second) = twice[0];
        assert_eq!(contacts[first]["phone"], contacts[second]["phone"]);
        assert_eq!(contacts[first]["firstName"], contacts[second]["firstName"]);
        let lower = |contact: &Value| contact["lastName"].as_str().map(str::to_lowercase);
        assert_eq!(lower(&contacts[twice[1].0]), lower(&contacts[twice[1].1]));
        assert_ne!(contacts[twice[1].0]["firstName"], contacts[twice[1].1]["firstName"]);
        let any = |fits: fn(&Value) -> bool| contacts.iter().any(fits);
        assert!(any(|contact| contact["phone"].is_null()), "nobody is without a phone");
        assert!(any(|contact| contact["email"].is_null()), "nobody is without an email");
        assert!(any(|contact| contact["firstName"].is_null()), "everybody has a first name");
        assert!(any(|contact| contact["additionalPhones"].as_array().is_some_and(|more| more.len() > 1)));
    }
}
