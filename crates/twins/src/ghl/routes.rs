//! Which operation a call means.

use crate::call::Call;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Route {
    List,
    Create,
    Search,
    Duplicate,
    Upsert,
    Get,
    Update,
    Delete,
    AddTags,
    RemoveTags,
    Location,
    LocationTags,
    CustomFields,
    CustomField,
    Unknown,
}

pub(super) fn route(call: &Call) -> Route {
    match (call.method.as_str(), call.segments().as_slice()) {
        ("GET", ["contacts"]) => Route::List,
        ("POST", ["contacts"]) => Route::Create,
        ("POST", ["contacts", "search"]) => Route::Search,
        ("GET", ["contacts", "search", "duplicate"]) => Route::Duplicate,
        ("POST", ["contacts", "upsert"]) => Route::Upsert,
        ("GET", ["contacts", _]) => Route::Get,
        ("PUT", ["contacts", _]) => Route::Update,
        ("DELETE", ["contacts", _]) => Route::Delete,
        ("POST", ["contacts", _, "tags"]) => Route::AddTags,
        ("DELETE", ["contacts", _, "tags"]) => Route::RemoveTags,
        ("GET", ["locations", _]) => Route::Location,
        ("GET", ["locations", _, "tags"]) => Route::LocationTags,
        ("GET", ["locations", _, "customFields"]) => Route::CustomFields,
        ("GET", ["locations", _, "customFields", _]) => Route::CustomField,
        _ => Route::Unknown,
    }
}

pub(super) fn template(route: Route) -> &'static str {
    match route {
        Route::List => "GET /contacts/",
        Route::Create => "POST /contacts/",
        Route::Search => "POST /contacts/search",
        Route::Duplicate => "GET /contacts/search/duplicate",
        Route::Upsert => "POST /contacts/upsert",
        Route::Get => "GET /contacts/{contactId}",
        Route::Update => "PUT /contacts/{contactId}",
        Route::Delete => "DELETE /contacts/{contactId}",
        Route::AddTags => "POST /contacts/{contactId}/tags",
        Route::RemoveTags => "DELETE /contacts/{contactId}/tags",
        Route::Location => "GET /locations/{locationId}",
        Route::LocationTags => "GET /locations/{locationId}/tags",
        Route::CustomFields => "GET /locations/{locationId}/customFields",
        Route::CustomField => "GET /locations/{locationId}/customFields/{id}",
        Route::Unknown => "unknown",
    }
}
