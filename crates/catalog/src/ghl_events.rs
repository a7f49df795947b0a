//! What GHL sends (contract sheet, section 9.2), each by the `type` that its body has, which isn't always the name of its page.
//!
//! Facts are the fields of the provider's page of the event. Delivery fields are left out: they say nothing about what happened.
//!
//! Also how tables of events are written down, for both providers.

use tandem_contact::Side;

use super::{Event, Fact, Whom};

/// A fact that is a text, a number, or true or false.
pub(super) const fn text(name: &'static str, at: &'static str) -> Fact {
    Fact { name, at, is_list: false }
}

/// A fact that is a list of texts.
pub(super) const fn list(name: &'static str, at: &'static str) -> Fact {
    Fact { name, at, is_list: true }
}

const fn event(name: &'static str, what: &'static str, whom: Whom, facts: &'static [Fact]) -> Event {
    Event { name, side: Side::Ghl, what, whom, facts }
}

/// The body is the contact.
const ITSELF: Whom = Whom::Id("/id");
/// The body is something of a contact.
const OF_CONTACT: Whom = Whom::Id("/contactId");
const APPOINTMENT_OF: Whom = Whom::Id("/appointment/contactId");
const INVOICE_OF: Whom = Whom::Id("/contactDetails/id");

const NAME: Fact = text("name", "/name");
const FIRST_NAME: Fact = text("first_name", "/firstName");
const LAST_NAME: Fact = text("last_name", "/lastName");
const EMAIL: Fact = text("email", "/email");
const PHONE: Fact = text("phone", "/phone");
const COMPANY_NAME: Fact = text("company_name", "/companyName");
const CITY: Fact = text("city", "/city");
const STATE: Fact = text("state", "/state");
const COUNTRY: Fact = text("country", "/country");
const SOURCE: Fact = text("source", "/source");
const TAGS: Fact = list("tags", "/tags");
const DND: Fact = text("dnd", "/dnd");
const TITLE: Fact = text("title", "/title");
const DESCRIPTION: Fact = text("description", "/description");
const STATUS: Fact = text("status", "/status");
const ASSIGNED_TO: Fact = text("assigned_to", "/assignedTo");
const USER_ID: Fact = text("user_id", "/userId");
const AMOUNT: Fact = text("amount", "/amount");
const CURRENCY: Fact = text("currency", "/currency");
const DUE_DATE: Fact = text("due_date", "/dueDate");
const IS_LIVE: Fact = text("is_live", "/liveMode");
const IS_DELETED: Fact = text("is_deleted", "/deleted");
const ADDED_AT: Fact = text("created_at", "/dateAdded");
const CREATED_AT: Fact = text("created_at", "/createdAt");
const UPDATED_AT: Fact = text("updated_at", "/updatedAt");
const HAPPENED_AT: Fact = text("happened_at", "/timestamp");
const APP_ID: Fact = text("app_id", "/appId");
const COMPANY_ID: Fact = text("company_id", "/companyId");
const LOCATION_ID: Fact = text("location_id", "/locationId");
const PLAN_ID: Fact = text("plan_id", "/planId");
const ON_TRIAL: Fact = text("on_trial", "/trial/onTrial");
const TRIAL_DURATION: Fact = text("trial_duration", "/trial/trialDuration");
const TRIAL_STARTED_AT: Fact = text("trial_started_at", "/trial/trialStartDate");
const IS_WHITELABEL: Fact = text("is_whitelabel", "/isWhitelabelCompany");

/// Custom fields aren't among them: the body lists them by id.
const CONTACT: &[Fact] = &[
    NAME,
    FIRST_NAME,
    LAST_NAME,
    EMAIL,
    PHONE,
    COMPANY_NAME,
    CITY,
    STATE,
    COUNTRY,
    SOURCE,
    TAGS,
    DND,
    ASSIGNED_TO,
    ADDED_AT,
];

const CONTACT_DND: &[Fact] = &[
    NAME,
    EMAIL,
    PHONE,
    TAGS,
    ASSIGNED_TO,
    DND,
    text("dnd_sms", "/dndSettings/SMS/status"),
    text("dnd_call", "/dndSettings/Call/status"),
    text("dnd_email", "/dndSettings/Email/status"),
    text("dnd_whatsapp", "/dndSettings/WhatsApp/status"),
    text("dnd_facebook", "/dndSettings/FB/status"),
    text("dnd_google", "/dndSettings/GMB/status"),
];

const NOTE: &[Fact] = &[text("note_id", "/id"), text("note", "/body"), ADDED_AT];

/// Of a task that is created, contact and description may be missing.
const TASK: &[Fact] = &[text("task_id", "/id"), TITLE, text("description", "/body"), ASSIGNED_TO, DUE_DATE, ADDED_AT];

const APPOINTMENT: &[Fact] = &[
    text("appointment_id", "/appointment/id"),
    text("title", "/appointment/title"),
    text("status", "/appointment/appointmentStatus"),
    text("starts_at", "/appointment/startTime"),
    text("ends_at", "/appointment/endTime"),
    text("address", "/appointment/address"),
    text("notes", "/appointment/notes"),
    text("source", "/appointment/source"),
    text("calendar_id", "/appointment/calendarId"),
    text("assigned_to", "/appointment/assignedUserId"),
    list("user_ids", "/appointment/users"),
    text("created_at", "/appointment/dateAdded"),
];

const MESSAGE_ID: Fact = text("message_id", "/messageId");
const MESSAGE: Fact = text("message", "/body");
const SUBJECT: Fact = text("subject", "/subject");
const CHANNEL: Fact = text("channel", "/messageType");
const DIRECTION: Fact = text("direction", "/direction");
const FROM: Fact = text("from", "/from");
const TO: Fact = text("to", "/to");
const ATTACHMENTS: Fact = list("attachments", "/attachments");
const DURATION: Fact = text("duration", "/callDuration");
const CALL_STATUS: Fact = text("call_status", "/callStatus");
const CONVERSATION_ID: Fact = text("conversation_id", "/conversationId");
const EMAIL_MESSAGE_ID: Fact = text("email_message_id", "/emailMessageId");

const INBOUND: &[Fact] = &[
    MESSAGE_ID,
    MESSAGE,
    SUBJECT,
    CHANNEL,
    DIRECTION,
    STATUS,
    FROM,
    TO,
    ATTACHMENTS,
    DURATION,
    CALL_STATUS,
    CONVERSATION_ID,
    EMAIL_MESSAGE_ID,
    USER_ID,
    ADDED_AT,
];

const OUTBOUND: &[Fact] = &[
    MESSAGE_ID,
    MESSAGE,
    SUBJECT,
    CHANNEL,
    DIRECTION,
    STATUS,
    SOURCE,
    FROM,
    TO,
    ATTACHMENTS,
    DURATION,
    CALL_STATUS,
    CONVERSATION_ID,
    EMAIL_MESSAGE_ID,
    USER_ID,
    ADDED_AT,
];

const OUTGOING_SMS: &[Fact] = &[MESSAGE_ID, text("message", "/message"), text("to", "/phone"), ATTACHMENTS, USER_ID];

const OUTGOING_MAIL: &[Fact] = &[
    MESSAGE_ID,
    EMAIL_MESSAGE_ID,
    SUBJECT,
    text("message", "/html"),
    text("from", "/emailFrom"),
    text("to", "/emailTo/0"),
    ATTACHMENTS,
    USER_ID,
];

const UNREAD: &[Fact] = &[
    text("conversation_id", "/id"),
    text("unread_count", "/unreadCount"),
    text("is_in_inbox", "/inbox"),
    text("is_starred", "/starred"),
    IS_DELETED,
];

const OPPORTUNITY: &[Fact] = &[
    text("opportunity_id", "/id"),
    NAME,
    STATUS,
    text("amount", "/monetaryValue"),
    text("pipeline_id", "/pipelineId"),
    text("pipeline_stage_id", "/pipelineStageId"),
    SOURCE,
    ASSIGNED_TO,
    ADDED_AT,
];

/// Of the things that it lists, only the first is a fact.
const INVOICE: &[Fact] = &[
    text("invoice_id", "/_id"),
    text("invoice_number", "/invoiceNumber"),
    NAME,
    STATUS,
    text("amount", "/total"),
    text("amount_paid", "/amountPaid"),
    text("amount_due", "/amountDue"),
    CURRENCY,
    text("issue_date", "/issueDate"),
    DUE_DATE,
    text("first_item", "/invoiceItems/0/name"),
    IS_LIVE,
];

/// Of the things that it lists, only the first is a fact.
const ORDER: &[Fact] = &[
    text("order_id", "/_id"),
    STATUS,
    text("fulfillment_status", "/fulfillmentStatus"),
    AMOUNT,
    text("subtotal", "/amountSummary/subtotal"),
    text("discount", "/amountSummary/discount"),
    text("tax", "/amountSummary/tax"),
    text("shipping", "/amountSummary/shipping"),
    CURRENCY,
    text("source", "/source/name"),
    text("first_item", "/items/0/name"),
    IS_LIVE,
    CREATED_AT,
];

const PRODUCT: &[Fact] = &[
    text("product_id", "/_id"),
    NAME,
    DESCRIPTION,
    text("product_type", "/productType"),
    text("is_in_store", "/availableInStore"),
    text("image_url", "/image"),
    USER_ID,
    CREATED_AT,
    UPDATED_AT,
];

const PRICE_ID: Fact = text("price_id", "/_id");
const PRODUCT_OF_PRICE: Fact = text("product_id", "/product");
const INTERVAL: Fact = text("interval", "/recurring/interval");
const INTERVAL_COUNT: Fact = text("interval_count", "/recurring/intervalCount");
const COMPARED_AMOUNT: Fact = text("compared_amount", "/compareAtPrice");
const AVAILABLE_QUANTITY: Fact = text("available_quantity", "/availableQuantity");

/// The type of a price is a fact where it is created alone: elsewhere its key is the one that names the event.
const NEW_PRICE: &[Fact] = &[
    PRICE_ID,
    PRODUCT_OF_PRICE,
    NAME,
    AMOUNT,
    CURRENCY,
    text("price_type", "/priceType"),
    INTERVAL,
    INTERVAL_COUNT,
    COMPARED_AMOUNT,
    AVAILABLE_QUANTITY,
];

const PRICE: &[Fact] = &[
    PRICE_ID,
    PRODUCT_OF_PRICE,
    NAME,
    AMOUNT,
    CURRENCY,
    INTERVAL,
    INTERVAL_COUNT,
    COMPARED_AMOUNT,
    AVAILABLE_QUANTITY,
    UPDATED_AT,
];

const CAMPAIGN: &[Fact] =
    &[text("campaign_id", "/id"), STATUS, text("template_id", "/templateId"), text("replied", "/replied"), ADDED_AT];

const EMAIL_STATS: &[Fact] = &[
    text("status", "/webhookPayload/event"),
    text("from", "/webhookPayload/message/headers/from"),
    text("to", "/webhookPayload/recipient"),
    text("email_message_id", "/webhookPayload/message/headers/message-id"),
    text("delivery_code", "/webhookPayload/delivery-status/code"),
    text("delivery_message", "/webhookPayload/delivery-status/message"),
    text("delivery_attempt", "/webhookPayload/delivery-status/attempt-no"),
    list("email_tags", "/webhookPayload/tags"),
];

const ASSOCIATION_ID: Fact = text("association_id", "/id");
const ASSOCIATION_KEY: Fact = text("association_key", "/key");
const ASSOCIATION_TYPE: Fact = text("association_type", "/associationType");
const FIRST_OBJECT_KEY: Fact = text("first_object_key", "/firstObjectKey");
const FIRST_OBJECT_LABEL: Fact = text("first_object_label", "/firstObjectLabel");
const SECOND_OBJECT_KEY: Fact = text("second_object_key", "/secondObjectKey");
const SECOND_OBJECT_LABEL: Fact = text("second_object_label", "/secondObjectLabel");

const NEW_ASSOCIATION: &[Fact] = &[
    ASSOCIATION_ID,
    ASSOCIATION_KEY,
    ASSOCIATION_TYPE,
    FIRST_OBJECT_KEY,
    FIRST_OBJECT_LABEL,
    SECOND_OBJECT_KEY,
    SECOND_OBJECT_LABEL,
];

const ASSOCIATION: &[Fact] = &[
    ASSOCIATION_ID,
    ASSOCIATION_KEY,
    ASSOCIATION_TYPE,
    FIRST_OBJECT_KEY,
    FIRST_OBJECT_LABEL,
    text("first_cardinality", "/firstObjectToSecondObjectCardinality"),
    SECOND_OBJECT_KEY,
    SECOND_OBJECT_LABEL,
    text("second_cardinality", "/secondObjectToFirstObjectCardinality"),
];

/// Either record may be a contact, which the object's key tells.
const RELATION: &[Fact] = &[
    text("relation_id", "/id"),
    text("association_id", "/associationId"),
    FIRST_OBJECT_KEY,
    text("first_record_id", "/firstRecordId"),
    SECOND_OBJECT_KEY,
    text("second_record_id", "/secondRecordId"),
];

/// What it holds isn't among them: the body lists it by key.
const RECORD: &[Fact] =
    &[text("record_id", "/id"), list("owner_ids", "/owners"), list("follower_ids", "/followers"), HAPPENED_AT];

const OBJECT_SCHEMA: &[Fact] = &[
    text("object_id", "/id"),
    text("object_key", "/key"),
    text("name", "/labels/singular"),
    text("plural_name", "/labels/plural"),
    DESCRIPTION,
    text("object_type", "/objectType"),
    text("primary_property", "/primaryDisplayProperty"),
    list("searchable_properties", "/searchableProperties"),
    CREATED_AT,
    UPDATED_AT,
];

const LOCATION: &[Fact] =
    &[text("location_id", "/id"), NAME, EMAIL, COMPANY_ID, text("stripe_product_id", "/stripeProductId")];

const USER: &[Fact] = &[
    text("user_id", "/id"),
    FIRST_NAME,
    LAST_NAME,
    EMAIL,
    PHONE,
    text("extension", "/extension"),
    text("role", "/role"),
    list("scopes", "/scopes"),
    LOCATION_ID,
    list("location_ids", "/locations"),
    COMPANY_ID,
];

const APP_INSTALLED: &[Fact] = &[
    APP_ID,
    LOCATION_ID,
    COMPANY_ID,
    COMPANY_NAME,
    USER_ID,
    PLAN_ID,
    ON_TRIAL,
    TRIAL_DURATION,
    TRIAL_STARTED_AT,
    IS_WHITELABEL,
];

const APP_REMOVED: &[Fact] = &[APP_ID, LOCATION_ID, COMPANY_ID];

const APP_UPDATED: &[Fact] = &[
    APP_ID,
    text("previous_version_id", "/previousVersionId"),
    LOCATION_ID,
    COMPANY_ID,
    COMPANY_NAME,
    USER_ID,
    PLAN_ID,
    ON_TRIAL,
    TRIAL_DURATION,
    TRIAL_STARTED_AT,
    IS_WHITELABEL,
];

const PLAN_CHANGED: &[Fact] = &[
    APP_ID,
    LOCATION_ID,
    COMPANY_ID,
    USER_ID,
    text("current_plan_id", "/currentPlanId"),
    text("new_plan_id", "/newPlanId"),
];

const AUTH: &[Fact] = &[
    APP_ID,
    LOCATION_ID,
    COMPANY_ID,
    text("auth_type", "/authType"),
    text("granted_scopes", "/scopes"),
    text("is_refreshed", "/isAutoRefreshTokenEnabled"),
    HAPPENED_AT,
];

/// Of its prices, only the first is a fact.
const SAAS_PLAN: &[Fact] = &[
    PLAN_ID,
    TITLE,
    DESCRIPTION,
    text("plan_level", "/planLevel"),
    text("trial_days", "/trialPeriod"),
    list("features", "/saasProducts"),
    list("add_ons", "/addOns"),
    text("amount_in_cents", "/prices/0/amount"),
    text("currency", "/prices/0/currency"),
    text("interval", "/prices/0/billingInterval"),
    text("product_id", "/productId"),
    COMPANY_ID,
];

const SUPPORT_TICKET: &[Fact] =
    &[text("ticket_id", "/ticketId"), APP_ID, text("version_id", "/versionId"), LOCATION_ID, COMPANY_ID];

const KNOWLEDGE: &[Fact] = &[
    text("asset_id", "/id"),
    text("asset_type", "/assetType"),
    text("knowledge_base_id", "/knowledgeBaseId"),
    text("action", "/action"),
    STATUS,
    IS_DELETED,
];

pub(super) const ALL: &[Event] = &[
    event("ghl.ContactCreate", "A contact has been added.", ITSELF, CONTACT),
    event("ghl.ContactUpdate", "Something that a contact holds has changed.", ITSELF, CONTACT),
    event("ghl.ContactDelete", "A contact has been removed.", ITSELF, CONTACT),
    event("ghl.ContactTagUpdate", "A contact has gained or lost a tag.", ITSELF, CONTACT),
    event("ghl.ContactDndUpdate", "A contact may be reached in other ways than before.", ITSELF, CONTACT_DND),
    event("ghl.NoteCreate", "Somebody has written a note about a contact.", OF_CONTACT, NOTE),
    event("ghl.NoteUpdate", "A note about a contact says something else now.", OF_CONTACT, NOTE),
    event("ghl.NoteDelete", "A note about a contact has been removed.", OF_CONTACT, NOTE),
    event("ghl.TaskCreate", "A task has been set up for a contact.", OF_CONTACT, TASK),
    event("ghl.TaskComplete", "A contact's task is done.", OF_CONTACT, TASK),
    event("ghl.TaskDelete", "A contact's task has been removed.", OF_CONTACT, TASK),
    event("ghl.AppointmentCreate", "An appointment with a contact has been made.", APPOINTMENT_OF, APPOINTMENT),
    event("ghl.AppointmentUpdate", "An appointment has been moved or otherwise changed.", APPOINTMENT_OF, APPOINTMENT),
    event("ghl.AppointmentDelete", "An appointment has been removed from the calendar.", APPOINTMENT_OF, APPOINTMENT),
    event("ghl.InboundMessage", "A contact has written or called, on whatever channel.", OF_CONTACT, INBOUND),
    event("ghl.OutboundMessage", "A contact has been written to or called.", OF_CONTACT, OUTBOUND),
    event("ghl.SMS", "A conversation provider has a text to send (ProviderOutboundMessage).", OF_CONTACT, OUTGOING_SMS),
    event(
        "ghl.Email",
        "A conversation provider has a mail to send (ProviderOutboundMessage).",
        OF_CONTACT,
        OUTGOING_MAIL,
    ),
    event("ghl.ConversationUnreadUpdate", "A conversation has been read, or waits to be read.", OF_CONTACT, UNREAD),
    event("ghl.OpportunityCreate", "An opportunity has been opened.", OF_CONTACT, OPPORTUNITY),
    event("ghl.OpportunityUpdate", "Anything about an opportunity has changed.", OF_CONTACT, OPPORTUNITY),
    event("ghl.OpportunityStageUpdate", "An opportunity has moved to another stage.", OF_CONTACT, OPPORTUNITY),
    event(
        "ghl.OpportunityStatusUpdate",
        "An opportunity is won, lost, given up or open again.",
        OF_CONTACT,
        OPPORTUNITY,
    ),
    event("ghl.OpportunityMonetaryValueUpdate", "An opportunity is worth another amount.", OF_CONTACT, OPPORTUNITY),
    event("ghl.OpportunityAssignedToUpdate", "Somebody else looks after an opportunity.", OF_CONTACT, OPPORTUNITY),
    event("ghl.OpportunityDelete", "An opportunity has been removed.", OF_CONTACT, OPPORTUNITY),
    event("ghl.InvoiceCreate", "An invoice has been drawn up.", INVOICE_OF, INVOICE),
    event("ghl.InvoiceUpdate", "An invoice has been edited.", INVOICE_OF, INVOICE),
    event("ghl.InvoiceSent", "An invoice has gone out to the contact.", INVOICE_OF, INVOICE),
    event("ghl.InvoicePartiallyPaid", "A part of an invoice has been paid.", INVOICE_OF, INVOICE),
    event("ghl.InvoicePaid", "An invoice has been paid in full.", INVOICE_OF, INVOICE),
    event("ghl.InvoiceVoid", "An invoice no longer counts.", INVOICE_OF, INVOICE),
    event("ghl.InvoiceDelete", "An invoice has been removed.", INVOICE_OF, INVOICE),
    event("ghl.OrderCreate", "A contact has ordered something.", OF_CONTACT, ORDER),
    event("ghl.OrderStatusUpdate", "An order has got another status.", OF_CONTACT, ORDER),
    event("ghl.ProductCreate", "A product has been added.", Whom::Nobody, PRODUCT),
    event("ghl.ProductUpdate", "A product has been edited.", Whom::Nobody, PRODUCT),
    event("ghl.ProductDelete", "A product has been removed.", Whom::Nobody, PRODUCT),
    event("ghl.PriceCreate", "A product has got a new price.", Whom::Nobody, NEW_PRICE),
    event("ghl.PriceUpdate", "A price of a product has been edited.", Whom::Nobody, PRICE),
    event("ghl.PriceDelete", "A price of a product has been removed.", Whom::Nobody, PRICE),
    event("ghl.CampaignStatusUpdate", "A campaign goes on in another way for a contact.", OF_CONTACT, CAMPAIGN),
    event("ghl.LCEmailStats", "The mail service tells what became of a mail.", Whom::Nobody, EMAIL_STATS),
    event("ghl.AssociationCreate", "Two kinds of objects can be linked in a new way.", Whom::Nobody, NEW_ASSOCIATION),
    event("ghl.AssociationUpdate", "A way to link two kinds of objects has been edited.", Whom::Nobody, ASSOCIATION),
    event("ghl.AssociationDelete", "A way to link two kinds of objects has been removed.", Whom::Nobody, ASSOCIATION),
    event("ghl.RelationCreate", "Two records have been linked.", Whom::Nobody, RELATION),
    event("ghl.RelationDelete", "Two records are linked no more.", Whom::Nobody, RELATION),
    event("ghl.RecordCreate", "A custom record or a business has been added.", Whom::Nobody, RECORD),
    event("ghl.RecordUpdate", "A custom record or a business has been edited.", Whom::Nobody, RECORD),
    event("ghl.RecordDelete", "A custom record or a business has been removed.", Whom::Nobody, RECORD),
    event("ghl.ObjectSchemaCreate", "A kind of custom objects has been defined.", Whom::Nobody, OBJECT_SCHEMA),
    event("ghl.ObjectSchemaUpdate", "A kind of custom objects is defined in another way.", Whom::Nobody, OBJECT_SCHEMA),
    event("ghl.LocationCreate", "The agency has got another location.", Whom::Nobody, LOCATION),
    event("ghl.LocationUpdate", "What a location says about itself has changed.", Whom::Nobody, LOCATION),
    event("ghl.UserCreate", "Somebody has been given a login.", Whom::Nobody, USER),
    event("ghl.INSTALL", "The app has been installed (AppInstall).", Whom::Nobody, APP_INSTALLED),
    event("ghl.UNINSTALL", "The app has been taken off (AppUninstall).", Whom::Nobody, APP_REMOVED),
    event("ghl.UPDATE", "The app runs in a newer version (AppUpdate).", Whom::Nobody, APP_UPDATED),
    event("ghl.PLAN_CHANGE", "The app is paid for by another plan (PlanChange).", Whom::Nobody, PLAN_CHANGED),
    event("ghl.EXTERNAL_AUTH_CONNECTED", "The app may log in elsewhere (ExternalAuthConnected).", Whom::Nobody, AUTH),
    event("ghl.SaasPlanCreate", "The agency offers a new plan.", Whom::Nobody, SAAS_PLAN),
    event("ghl.SupportTicketDelete", "A support ticket about the app has been removed.", Whom::Nobody, SUPPORT_TICKET),
    event(
        "ghl.KnowledgeBaseRichTextChange",
        "A text in a knowledge base is new, changed or gone.",
        Whom::Nobody,
        KNOWLEDGE,
    ),
];
