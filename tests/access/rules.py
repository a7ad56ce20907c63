"""Every URL that there is, by families: what kind of thing it is, and who may ask it what.

A line is a kind, a pattern that a whole route has to match, and who may use which method:

    v, c, e, m  members from viewer, contributor, editor, manager on
    E, M        the same, but to all others it does not exist
    o           only who made it; to others it does not exist
    s           everybody who is signed in
    a           administrators
    p           everybody
    l           whoever has the link

Who was granted folders is a guest: what lies in those they may as the letters say, of the library they may look around
as viewers. Of what ELSEWHERE matches they are asked about thing by thing, and dialects do not know them.

The things that routes name were made by a manager, so that what contributors may do with their own is not in here.
Methods that are not named are refused. The first line that matches counts; an URL without one fails the test.

Kinds: `page` asks strangers to sign in, `api` and `cloud` answer 401, `admin` is for administrators alone, `open` is
for everybody, `link` is below the address of a share link, `gone` says 404 to all: there is no such call or, of an
export, none without its signed id.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PLACE = re.compile(r"\(\?P<([a-z_]+)>[^)]*\)|<(?:[a-z]+:)?([a-z_]+)>")

PLACED = re.compile(r"{(asset_id|other_id|region_id|folder_id)}")
ELSEWHERE = re.compile(
    r"/undo/.*|/duplicates/.*|/l/[^/]*/(upload|bulk|folders/new|share-links|duplicates)/.*"
    r"|/api/v1/libraries/[^/]*/(assets|folders|uploads|bulk|imports|share-links|duplicates|regions/import)/.*"
)

TABLE = r"""
open  /favicon.ico|/healthz|/readyz|/api/schema/|/api/docs/             GET:p
open  /i18n/setlang/|/theme/|/layout/                                   POST:p
gone  /metrics                                                          GET:p
open  /accounts/login/                                                  GET:p POST:p
open  /accounts/logout/                                                 POST:p
open  /accounts/openid/(callback/)?                                      GET:p
admin /admin/login/                                                     GET:a
open  /admin/password_change/                                           GET:p
admin /admin/.*                                                         GET:a POST:a

page  /                                                                 GET:s
open  /accounts/login/code/                                             GET:p POST:p
page  /account/security/                                                GET:s
page  /account/security/(password|second-factor|openid)/                GET:s POST:s
page  /account/security/(second-factor/remove|recovery-codes)/          GET:o POST:o
page  /account/security/sessions/{handle}/end/                          POST:o
page  /account/security/sessions/end/                                   POST:s
page  /account/(keys|tokens)/                                           GET:s POST:s
page  /account/(keys/{slug}|tokens/{token_id})/revoke/                  POST:o
page  /notices/dismiss/                                                 POST:s
page  /undo/{key}/                                                      POST:s
page  /jobs/{job_id}/                                                   GET:o
page  /duplicates/decisions/{decision_id}/undo/                         POST:e

page  /l/{slug}/((filters|issues|trash|cards|tags|collections)/)?       GET:v
page  /l/{slug}/collections/{collection_id}/((filters|cover)/)?         GET:v
page  /l/{slug}/(activity/|indexing/|duplicates/|search/(filters/|part/{picture_id}/)?)                GET:v
page  /l/{slug}/searches/                                               GET:v
page  /l/{slug}/searches/{search_id}/                                   GET:o
page  /l/{slug}/searches/{search_id}/(edit|delete)/                     GET:o POST:o
page  /l/{slug}/(search/by-image|searches/new|export)/                  GET:v POST:v
page  /l/{slug}/(upload|folders/new|collections/new)/                   GET:c POST:c
page  /l/{slug}/upload/{upload_id}/                                     GET:o
page  /l/{slug}/bulk/                                                   GET:c POST:c
page  /l/{slug}/(folders/{folder_id}|tags/{tag_id})/(edit|delete)/      GET:e POST:e
page  /l/{slug}/folders/{folder_id}/grants/({grant_id}/remove/)?        GET:m POST:m
page  /l/{slug}/(fields/{field_id}|collections/{collection_id})/(edit|delete)/  GET:e POST:e
page  /l/{slug}/collections/{collection_id}/(remove|share)/             GET:e POST:e
page  /l/{slug}/fields/                                                 GET:e
page  /l/{slug}/fields/new/                                             GET:e POST:e
page  /l/{slug}/fields/{field_id}/move/                                 POST:e
page  /l/{slug}/share-links/                                            GET:c
page  /l/{slug}/share-links/{link_id}/revoke/                           GET:E POST:E
page  /l/{slug}/activity/{job_id}/                                      GET:o
page  /l/{slug}/activity/{job_id}/{deed}/                               POST:o
page  /l/{slug}/duplicates/decide/                                      POST:e
page  /assets/{asset_id}/((metadata|history|similar|duplicates)/)?      GET:v
page  /assets/{asset_id}/(regions|versions)/                            GET:v POST:e
page  /assets/{asset_id}/(edit|delete|share)/                           GET:e POST:e
page  /assets/{asset_id}/(restore|reindex)/                             POST:e
page  /assets/{asset_id}/versions/(from/{other_id}|{number}/(restore|delete))/  GET:e POST:e
page  /regions/{region_id}/edit/                                        GET:e POST:e
page  /regions/{region_id}/delete/                                      POST:e

link  /s/{token}/                                                       GET:l POST:l
link  /s/{token}/download/                                              GET:l
link  /s/{token}/{asset_id}/((thumb|preview|download)/)?                GET:l

open  /api/v1/token/                                                    POST:p
open  /api/v1/healthcheck                                               GET:p
api   /api/v1/tokens/                                                   GET:s POST:s
api   /api/v1/tokens/{token_id}/                                        DELETE:o
api   /api/v1/libraries/                                                GET:s POST:s
api   /api/v1/jobs/                                                     GET:s
api   /api/v1/webhooks/                                                 GET:s POST:m
api   /api/v1/libraries/{library_id}/                                   GET:v PATCH:m DELETE:m
api   /api/v1/libraries/{library_id}/members/                           GET:m POST:m
api   /api/v1/libraries/{library_id}/members/{username}/                GET:m PATCH:m DELETE:m
api   /api/v1/libraries/{library_id}/(folders|tags|collections|assets)/ GET:v POST:c
api   /api/v1/libraries/{library_id}/(folders/{folder_id}|tags/{tag_id})/  GET:v PATCH:e DELETE:e
api   /api/v1/libraries/{library_id}/folders/{folder_id}/grants/        GET:m PUT:m
api   /api/v1/libraries/{library_id}/folders/{folder_id}/grants/{grant_id}/  DELETE:m
api   /api/v1/libraries/{library_id}/collections/{collection_id}/       GET:v PATCH:e DELETE:e
api   /api/v1/libraries/{library_id}/collections/{collection_id}/assets/         GET:v POST:e
api   /api/v1/libraries/{library_id}/collections/{collection_id}/assets/remove/  POST:e
api   /api/v1/libraries/{library_id}/(assets/from-url|uploads|bulk)/    POST:c
api   /api/v1/libraries/{library_id}/imports/                           GET:m POST:c
api   /api/v1/libraries/{library_id}/fields/                            GET:v POST:e
api   /api/v1/libraries/{library_id}/fields/{field}/                    GET:v PATCH:e DELETE:e
api   /api/v1/libraries/{library_id}/fields/{field}/choices/            GET:v POST:e
api   /api/v1/libraries/{library_id}/fields/{field}/choices/{choice}/   GET:v PATCH:e DELETE:e
api   /api/v1/libraries/{library_id}/share-links/                       GET:v POST:e
api   /api/v1/libraries/{library_id}/share-links/{link_id}/             GET:E DELETE:E
api   /api/v1/libraries/{library_id}/export/                            POST:v
api   /api/v1/libraries/{library_id}/(facets|search/facets|duplicates|clusters|clusters/{cluster_id})/  GET:v
api   /api/v1/libraries/{library_id}/search/(ids/)?                     GET:v POST:v
api   /api/v1/libraries/{library_id}/anchors/                           POST:v
api   /api/v1/libraries/{library_id}/duplicates/decisions/              POST:e
api   /api/v1/libraries/{library_id}/saved-searches/                    GET:v POST:c
api   /api/v1/libraries/{library_id}/saved-searches/{search_id}/        GET:o PATCH:o DELETE:o
api   /api/v1/libraries/{library_id}/regions/import/                    POST:c
api   /api/v1/import-sources/{source_id}/                               GET:m PATCH:m
api   /api/v1/import-sources/{source_id}/run/                           POST:m
api   /api/v1/uploads/{upload_id}/                                      GET:o PATCH:o DELETE:o
api   /api/v1/jobs/{job_id}/                                            GET:o PATCH:o
api   /api/v1/jobs/{job_id}/(failures|result)/                          GET:o
api   /api/v1/jobs/{job_id}/(cancel|pause|resume|retry)/                POST:o
api   /api/v1/assets/{asset_id}/                                        GET:v PATCH:e DELETE:e
api   /api/v1/assets/{asset_id}/(restore|reindex)/                      POST:e
api   /api/v1/assets/{asset_id}/(history|file|thumb|preview|similar)/   GET:v
api   /api/v1/assets/{asset_id}/versions/                               GET:v POST:e
api   /api/v1/assets/{asset_id}/versions/{number}/                      GET:v DELETE:e
api   /api/v1/assets/{asset_id}/versions/{number}/restore/              POST:e
api   /api/v1/assets/{asset_id}/versions/{number}/(file|thumb)/         GET:v
api   /api/v1/assets/{asset_id}/regions/                                GET:v POST:e DELETE:e
api   /api/v1/regions/{region_id}/                                      GET:v PATCH:e DELETE:e
api   /api/v1/anchors/{anchor_id}/thumb/                                GET:v
api   /api/v1/webhooks/{webhook_id}/                                    GET:M PATCH:M DELETE:M
api   /api/v1/webhooks/{webhook_id}/(test|deliveries/{delivery_id}/replay)/  POST:M
api   /api/v1/webhooks/{webhook_id}/deliveries/                         GET:M

api   /api/v1/datasets                                                  GET:s
api   /api/v1/dataset                                                   POST:s
api   /api/v1/dataset/{dataset_id}                                      GET:v DELETE:m
api   /api/v1/dataset/{dataset_id}/(stats|export_context_async)  GET:v
api   /api/v1/dataset/{dataset_id}/export_status                        GET:o
gone  /api/v1/dataset/{dataset_id}/export                               GET:p
api   /api/v1/dataset/{dataset_id}/search-image-similarity              POST:v
api   /api/v1/dataset/{dataset_id}/add_media                            POST:c
api   /api/v1/dataset/{dataset_id}/views                                GET:v POST:c
api   /api/v1/dataset/{dataset_id}/views/{view_id}                      DELETE:e
api   /api/v1/(image/{media_id}|explore/{dataset_id})                   GET:v

cloud /v1_1/{cloud}/(ping|usage(/{date})?|config|tags/{resource_type}|folders)  GET:v
cloud /v1_1/{cloud}/folders/search                                      GET:v POST:v
cloud /v1_1/{cloud}/folders/{path}                                      GET:v POST:c PUT:e DELETE:e
cloud /v1_1/{cloud}/metadata_fields                                     GET:v POST:e
cloud /v1_1/{cloud}/metadata_fields/order                               PUT:e
cloud /v1_1/{cloud}/metadata_fields/{external_id}                       GET:v PUT:e DELETE:e
cloud /v1_1/{cloud}/metadata_fields/{external_id}/datasource            PUT:e DELETE:e
cloud /v1_1/{cloud}/metadata_fields/{external_id}/datasource_restore    POST:e
cloud /v1_1/{cloud}/metadata_fields/{external_id}/datasource/order      POST:e
cloud /v1_1/{cloud}/upload_presets                                      GET:c POST:e
cloud /v1_1/{cloud}/upload_presets/{name}                               GET:c PUT:m DELETE:m
cloud /v1_1/{cloud}/triggers                                            GET:m POST:m
cloud /v1_1/{cloud}/triggers/{trigger_id}                               PUT:m DELETE:m
cloud /v1_1/{cloud}/triggers/{trigger_id}/test                          POST:m
cloud /v1_1/{cloud}/resources/(search|visual_search)                    GET:v POST:v
cloud /v1_1/{cloud}/resources/(by_asset_folder|by_asset_ids)            GET:v
cloud /v1_1/{cloud}/resources/({resource_type}/({type}/)?)?restore      POST:e
cloud /v1_1/{cloud}/resources/(related_assets|backup)(/{rest})?         GET:v POST:v PUT:v DELETE:v
cloud /v1_1/{cloud}/resources/{resource_type}/moderations/{rest}         GET:v POST:v PUT:v DELETE:v
cloud /v1_1/{cloud}/resources/{resource_type}/(publish_resources|update_access_mode)  GET:v POST:v PUT:v DELETE:v
cloud /v1_1/{cloud}/resources/{resource_type}/context                   GET:v
cloud /v1_1/{cloud}/resources/{resource_type}/tags/{tag}                GET:v DELETE:e
cloud /v1_1/{cloud}/resources(/image|/{resource_type}/{type})?          GET:v DELETE:e
cloud /v1_1/{cloud}/resources/({asset_id}|{resource_type}/{type}/{public_id})  GET:v POST:e PUT:e
cloud /v1_1/{cloud}/(metadata_rules|transformations|derived_resources)(/{rest})?  GET:v POST:v PUT:v DELETE:v
cloud /v1_1/{cloud}/(upload_mappings|streaming_profiles)(/{rest})?       GET:v POST:v PUT:v DELETE:v
cloud /v1_1/{cloud}/{resource_type}/(upload)                            POST:c
cloud /v1_1/{cloud}/{resource_type}/(explicit|destroy|rename|tags|context|metadata)  POST:e
cloud /v1_1/{cloud}/{resource_type}/generate_archive                    GET:v POST:v
cloud /v1_1/{cloud}/{resource_type}/(sprite|multi|explode|text|create_slideshow)  GET:v POST:v PUT:v DELETE:v
gone  /v1_1/{rest}                                                      GET:p
cloud /{cloud}/image/upload/{rest}                                      GET:v
"""


class Rule(NamedTuple):
    kind: str
    pattern: re.Pattern[str]
    who: dict[str, str]  # by method


class Route(NamedTuple):
    path: str  # with {places}
    kind: str
    who: dict[str, str]
    view: Any  # a class for REST, a function for pages


def rules() -> list[Rule]:
    lines = [line.split() for line in TABLE.splitlines() if line]
    return [
        Rule(kind, re.compile(re.sub("[{}]", r"\\\g<0>", pattern)), dict(pair.split(":") for pair in pairs))
        for kind, pattern, *pairs in lines
    ]


def routes() -> Iterator[Route]:
    """Of each URL; `kind` is empty where the table does not know it."""
    known = rules()
    for path, view in flat(get_resolver().url_patterns):
        rule = next((rule for rule in known if rule.pattern.fullmatch(path)), None)
        yield Route(path, rule.kind if rule else "", rule.who if rule else {}, view)


def flat(patterns: list[Any], before: str = "/") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = before + PLACE.sub(r"{\1\2}", str(pattern.pattern)).strip("^$")
        if isinstance(pattern, URLPattern):
            yield path, getattr(pattern.callback, "view_class", pattern.callback)
        else:
            yield from flat(pattern.url_patterns, path)
