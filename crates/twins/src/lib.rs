#![doc = include_str!("../README.md")]

mod admin;
mod call;
mod deliveries;
mod door;
mod faults;
mod ghl;
mod held;
mod history;
mod ids;
mod lag;
mod line;
mod meter;
mod openphone;
mod people;
mod phone;
mod progress;
mod report;
mod requests;
mod scalars;
mod seal;
mod shelf;
mod stamp;

pub use deliveries::{DeliveryReport, RetryOn, RetryRules};
pub use faults::{Chance, Fault, Faults, On, Scripted, WebhookChance, WebhookFault};
pub use ghl::{
    GhlApp, GhlChoice, GhlConfig, GhlCustomField, GhlLocation, GhlMessageProvider, GhlTwin, GhlUser, OauthReport,
};
pub use history::{Actor, How, Loss, Touch};
pub use meter::{Rate, RateReport};
pub use openphone::{
    Access, AppWebhook, CustomField, Deleted, FieldType, OpenPhoneConfig, OpenPhoneTwin, PhoneNumber, UnknownOption,
    User, Workspace, Young,
};
pub use people::NotEditable;
pub use report::{Duplicate, Report, WriteReport};
pub use requests::RequestSeen;
