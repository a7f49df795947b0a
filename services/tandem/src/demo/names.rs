//! The tables that invented people are put together from.

pub(super) const FIRST: [&str; 32] = [
    "Ana", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Imani", "Jonas", "Keiko", "Liam", "Maya",
    "Noah", "Olga", "Priya", "Quinn", "Rosa", "Stefan", "Tara", "Uma", "Victor", "Wanda", "Xavier", "Yusuf", "Zoe",
    "Amelie", "Bruno", "Chloe", "Diego", "Esther", "Felix",
];

pub(super) const LAST: [&str; 32] = [
    "Adler",
    "Baptiste",
    "Castillo",
    "Dvorak",
    "Eriksen",
    "Fontaine",
    "Garcia",
    "Hansen",
    "Ibrahim",
    "Jensen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "Okafor",
    "Petrov",
    "Quispe",
    "Rossi",
    "Santos",
    "Tanaka",
    "Ueda",
    "Vasquez",
    "Weber",
    "Xu",
    "Yilmaz",
    "Zimmer",
    "Almeida",
    "Bianchi",
    "Costa",
    "Duarte",
    "Evans",
    "Fischer",
];

/// First name, last name, mailbox.
pub(super) const ABROAD: [(&str, &str, &str); 14] = [
    ("José", "Núñez", "jose.nunez"),
    ("Zoë", "Åkesson", "zoe.akesson"),
    ("Мария", "Иванова", "maria.ivanova"),
    ("Дмитрий", "Орлов", "dmitri.orlov"),
    ("さくら", "山本", "sakura.yamamoto"),
    ("伟", "李", "wei.li"),
    ("أحمد", "المصري", "ahmed.almasri"),
    ("Δημήτρης", "Παππάς", "dimitris.pappas"),
    ("Thị Mai", "Nguyễn", "mai.nguyen"),
    ("Jürgen", "Groß", "juergen.gross"),
    ("Łucja", "Wójcik", "lucja.wojcik"),
    ("आरव", "शर्मा", "aarav.sharma"),
    ("Seán", "O’Brien-Walsh", "sean.obrien"),
    ("지우", "김", "jiwoo.kim"),
];

pub(super) const EMOJI: [&str; 6] = ["🌵", "🚀", "👩‍🚒", "🐝", "⭐️", "🇺🇸"];

pub(super) const COMPANIES: [&str; 10] = [
    "Example Plumbing",
    "Cactus & Co. (example)",
    "Muster GmbH",
    "Exemple SARL",
    "Sample Dental Care",
    "\"Quoted\" Roofing, Inc.",
    "Übungsfirma AG",
    "Placeholder Realty",
    "Acme Solar",
    "株式会社サンプル",
];

pub(super) const TAGS: [&str; 10] =
    ["VIP", "Lead", "newsletter", "Follow Up", "Do-Not-Rush", "Spring 2026", "Référence", "customer", "Roof", "HVAC"];
