//! Which operation of which surface a call means.

use crate::call::Call;
use crate::openphone::errors::Surface;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    V1List,
    V1Create,
    V1Get,
    V1Patch,
    V1Delete,
    V1CustomFields,
    V1PhoneNumbers,
    List,
    Create,
    Get,
    Patch,
    Delete,
    Properties,
    AddProperty,
    GetProperty,
    PatchProperty,
    DeleteProperty,
    Organization,
    Unknown,
}

pub(super) fn route(call: &Call) -> Route {
    match (call.method.as_str(), call.segments().as_slice()) {
        ("GET", ["v1", "contacts"]) => Route::V1List,
        ("POST", ["v1", "contacts"]) => Route::V1Create,
        ("GET", ["v1", "contacts", _]) => Route::V1Get,
        ("PATCH", ["v1", "contacts", _]) => Route::V1Patch,
        ("DELETE", ["v1", "contacts", _]) => Route::V1Delete,
        ("GET", ["v1", "contact-custom-fields"]) => Route::V1CustomFields,
        ("GET", ["v1", "phone-numbers"]) => Route::V1PhoneNumbers,
        ("GET", ["contacts"]) => Route::List,
        ("POST", ["contacts"]) => Route::Create,
        ("GET", ["contacts", _]) => Route::Get,
        ("PATCH", ["contacts", _]) => Route::Patch,
        ("DELETE", ["contacts", _]) => Route::Delete,
        ("GET", ["contacts", _, "properties"]) => Route::Properties,
        ("POST", ["contacts", _, "properties"]) => Route::AddProperty,
        ("GET", ["contacts", _, "properties", _]) => Route::GetProperty,
        ("PATCH", ["contacts", _, "properties", _]) => Route::PatchProperty,
        ("DELETE", ["contacts", _, "properties", _]) => Route::DeleteProperty,
        ("GET", ["organization"]) => Route::Organization,
        _ => Route::Unknown,
    }
}

impl Route {
    pub(super) fn template(self) -> &'static str {
        match self {
            Self::V1List => "GET /v1/contacts",
            Self::V1Create => "POST /v1/contacts",
            Self::V1Get => "GET /v1/contacts/{id}",
            Self::V1Patch => "PATCH /v1/contacts/{id}",
            Self::V1Delete => "DELETE /v1/contacts/{id}",
            Self::V1CustomFields => "GET /v1/contact-custom-fields",
            Self::V1PhoneNumbers => "GET /v1/phone-numbers",
            Self::List => "GET /contacts",
            Self::Create => "POST /contacts",
            Self::Get => "GET /contacts/{contactId}",
            Self::Patch => "PATCH /contacts/{contactId}",
            Self::Delete => "DELETE /contacts/{contactId}",
            Self::Properties => "GET /contacts/{contactId}/properties",
            Self::AddProperty => "POST /contacts/{contactId}/properties",
            Self::GetProperty => "GET /contacts/{contactId}/properties/{propertyId}",
            Self::PatchProperty => "PATCH /contacts/{contactId}/properties/{propertyId}",
            Self::DeleteProperty => "DELETE /contacts/{contactId}/properties/{propertyId}",
            Self::Organization => "GET /organization",
            Self::Unknown => "unknown",
        }
    }

    pub(super) fn surface(self) -> Surface {
        match self {
            Self::V1List
            | Self::V1Create
            | Self::V1Get
            | Self::V1Patch
            | Self::V1Delete
            | Self::V1CustomFields
            | Self::V1PhoneNumbers => Surface::V1,
            Self::List
            | Self::Create
            | Self::Get
            | Self::Patch
            | Self::Delete
            | Self::Properties
            | Self::AddProperty
            | Self::GetProperty
            | Self::PatchProperty
            | Self::DeleteProperty
            | Self::Organization
            | Self::Unknown => Surface::Dated,
        }
    }
}
