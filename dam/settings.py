"""One flat file. The environment is read here and nowhere else, through the helpers of `dam.environment`.

`.env.example` documents every variable.
"""

from pathlib import Path
from typing import Any

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from dam.embedded import addresses
from dam.environment import (
    database,
    env_bool,
    env_choice,
    env_groups,
    env_int,
    env_list,
    env_places,
    env_several,
    env_share,
    env_str,
    env_url,
    replica,
    require_extra,
    secret_key,
)

BASE_DIR = Path(__file__).resolve().parent.parent


# --- where things are -----------------------------------------------------------------------------------------

DATA_DIR = Path(env_str("DAM_DATA_DIR", str(BASE_DIR / ".data"))).expanduser().resolve()
DATABASE_URL = env_str("DATABASE_URL") or addresses.database_url(DATA_DIR)
REDIS_URL = env_str("REDIS_URL") or addresses.redis_url(DATA_DIR)

# --- Django ---------------------------------------------------------------------------------------------------

SECRET_KEY = secret_key(DATA_DIR)
DEBUG = env_bool("DAM_DEBUG", default=False)
ALLOWED_HOSTS = env_list("DAM_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("DAM_TRUSTED_ORIGINS")
HTTPS = env_bool("DAM_HTTPS", default=False)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "media_library",
    "search",
    "dam",  # for its commands
]

MIDDLEWARE = [
    "dam.logs.RequestIdMiddleware",
    "dam.slow.SlowMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "dam.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "dam.contracts.cloudinary.errors.DialectMiddleware",
    "dam.web.busy.BusyMiddleware",
    "dam.middleware.UploadLimitMiddleware",
    "dam.middleware.TextMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "dam.replica.ReaderMiddleware",
    "media_library.sessions.NoteMiddleware",
    "media_library.audit.OriginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "search.middleware.OneModelMiddleware",
    "dam.middleware.AppErrorMiddleware",
    "dam.middleware.LetGoMiddleware",
]

ROOT_URLCONF = "dam.urls"
WSGI_APPLICATION = "dam.wsgi.application"
AUTH_USER_MODEL = "media_library.User"
AUTHENTICATION_BACKENDS = ["media_library.signing_in.Backend", "media_library.oidc.accounts.Backend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "media_library.context.libraries",
                "search.context.notices",
            ],
        },
    },
]

# PgBouncer in transaction mode stands before PostgreSQL: nothing may rely on a session. See docs/operations.md.
PGBOUNCER = env_bool("DAM_PGBOUNCER", default=False)
DATABASES = {"default": database(DATABASE_URL) | {"DISABLE_SERVER_SIDE_CURSORS": PGBOUNCER}}
# A streaming replica that ranks searches: see dam/replica.py. Further behind than this, the primary does.
REPLICA_URL = env_str("DAM_REPLICA_URL")
REPLICA_LAG = env_int("DAM_REPLICA_LAG_MS", 5000) / 1000
if REPLICA_URL:
    DATABASES["replica"] = replica(REPLICA_URL)
CACHES = {
    "default": {
        "BACKEND": "dam.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"db": 1},  # the jobs are in database 0, and clearing the cache must not clear them
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# Who fails to sign in so often within this time has to wait: see media_library/lockout.py.
LOCKOUT_FAILURES = env_int("DAM_LOCKOUT_FAILURES", 10)  # of one user name
LOCKOUT_FAILURES_OF_ADDRESS = env_int("DAM_LOCKOUT_FAILURES_OF_ADDRESS", 50)
LOCKOUT_SECONDS = env_int("DAM_LOCKOUT_MINUTES", 15) * 60

# Signing in by OpenID Connect, when an issuer is set: see media_library/oidc.
OIDC_ISSUER = env_url("DAM_OIDC_ISSUER")
OIDC_CLIENT_ID = env_str("DAM_OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env_str("DAM_OIDC_CLIENT_SECRET")
OIDC_NAME = env_str("DAM_OIDC_NAME") or "OpenID Connect"  # on the button
OIDC_SCOPES = env_str("DAM_OIDC_SCOPES", "openid profile email").split()
OIDC_USERNAME_CLAIM = env_str("DAM_OIDC_USERNAME_CLAIM", "preferred_username")
OIDC_GROUPS_CLAIM = env_str("DAM_OIDC_GROUPS_CLAIM", "groups")
OIDC_GROUPS = env_groups("DAM_OIDC_GROUPS")  # (group, slug of the library or "administrators", role)
OIDC_CREATE_USERS = env_bool("DAM_OIDC_CREATE_USERS", default=False)
OIDC_LINK_VERIFIED_EMAIL = env_bool("DAM_OIDC_LINK_VERIFIED_EMAIL", default=False)
OIDC_SESSION_HOURS = env_int("DAM_OIDC_SESSION_HOURS", 24)
PASSWORDS = env_choice("DAM_PASSWORDS", "everybody", "administrators", "nobody")  # who may sign in with one
if OIDC_ISSUER and not OIDC_CLIENT_ID:
    raise ImproperlyConfigured("DAM_OIDC_ISSUER is set, so DAM_OIDC_CLIENT_ID has to be, too.")
if OIDC_ISSUER and "openid" not in OIDC_SCOPES:
    raise ImproperlyConfigured("DAM_OIDC_SCOPES must name the scope openid.")
if PASSWORDS == "nobody" and not OIDC_ISSUER:
    raise ImproperlyConfigured("DAM_PASSWORDS is nobody and DAM_OIDC_ISSUER is not set: nobody could sign in.")

# The audit log: see media_library/audit.py.
AUDIT_DAYS = env_int("DAM_AUDIT_DAYS", 365)  # entries are removed after that; 0: never
AUDIT_SEARCHES = env_bool("DAM_AUDIT_SEARCHES", default=True)  # who looked for what

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env_str("DAM_TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

SESSION_ENGINE = "media_library.sessions"  # read from Redis, kept in PostgreSQL
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
# Of the checks of a deployment, what is decided elsewhere: other hosts of the domain and lists of browsers are none of
# ours (W005, W021), and the proxy that speaks HTTPS leads to it from HTTP (W008).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    },
}

if OIDC_ISSUER:
    # Signing out goes on to the provider, and browsers ask this of where a form leads in the end.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append("/".join(OIDC_ISSUER.split("/")[:3]))

# --- the web server: see docs/operations.md and dam/web -----------------------------------------------------------

WEB_WAITING = env_int("DAM_WEB_WAITING", 100)  # requests of one process that may wait for a thread
WEB_PATIENCE = env_int("DAM_WEB_PATIENCE_MS", 1000) / 1000  # seconds; who comes while one waits longer is turned away
WEB_DRAIN_SECONDS = env_int("DAM_WEB_DRAIN_SECONDS", 0)  # it goes on after SIGTERM, while /readyz says that it stops

# --- files ----------------------------------------------------------------------------------------------------

S3_BUCKET = env_str("DAM_S3_BUCKET")
S3_ENDPOINT = env_str("DAM_S3_ENDPOINT")
if S3_BUCKET:
    DEFAULT_STORAGE: dict[str, Any] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT or None,
            "region_name": env_str("DAM_S3_REGION") or None,
            "access_key": env_str("DAM_S3_ACCESS_KEY") or None,
            "secret_key": env_str("DAM_S3_SECRET_KEY") or None,
            "location": env_str("DAM_S3_PREFIX"),
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": True,
            "querystring_expire": 300,
        },
    }
    # Pictures are shown from signed URLs of the store.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append(S3_ENDPOINT or "https://*.amazonaws.com")
else:
    DEFAULT_STORAGE = {
        "BACKEND": "media_library.local_files.LocalFiles",
        "OPTIONS": {"location": str(DATA_DIR / "files")},
    }
STORAGES = {
    "default": DEFAULT_STORAGE,
    "staticfiles": {"BACKEND": "dam.static_storage.StaticStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = Path(env_str("DAM_STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other site uses them

MAX_UPLOAD_BYTES = 40 * 1024 * 1024
MAX_PIXELS = env_int("DAM_MAX_PIXELS", 200_000_000)  # width x height x frames, read from the header
# Let in besides pictures: the first page of documents, a frame of films.
EXTRA_FORMATS = env_several("DAM_EXTRA_FORMATS", {"pdf": "pypdfium2 of dam[documents]", "video": "av of dam[video]"})
SVG_FONTS = env_str("DAM_SVG_FONTS", "/usr/share/fonts")  # for texts in drawings; none are drawn where it is empty
FILE_UPLOAD_HANDLERS = ["media_library.uploads.CappedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- fetching by URL ------------------------------------------------------------------------------------------

FETCH_ALLOW_HOSTS = env_list("DAM_FETCH_ALLOW_HOSTS")
FETCH_TIMEOUT_SECONDS = env_int("DAM_FETCH_TIMEOUT_SECONDS", 15)

# --- importing ------------------------------------------------------------------------------------------------

# Where libraries may import from on this side: see media_library/imports/places.py. (place, slug of the library or "")
WATCH_FOLDERS = [(str(Path(folder).expanduser().absolute()), slug) for folder, slug in env_places("DAM_WATCH_FOLDER")]
WATCH_SECONDS = env_int("DAM_WATCH_SECONDS", 60)  # how often one is looked at
WATCH_SETTLE_SECONDS = env_int("DAM_WATCH_SETTLE_SECONDS", 10)  # a file that was changed since is not complete yet
IMPORT_BUCKETS = env_places("DAM_IMPORT_BUCKETS")
IMPORT_S3 = {
    "endpoint_url": env_str("DAM_IMPORT_S3_ENDPOINT", S3_ENDPOINT) or None,
    "region_name": env_str("DAM_IMPORT_S3_REGION", env_str("DAM_S3_REGION")) or None,
    "aws_access_key_id": env_str("DAM_IMPORT_S3_ACCESS_KEY", env_str("DAM_S3_ACCESS_KEY")) or None,
    "aws_secret_access_key": env_str("DAM_IMPORT_S3_SECRET_KEY", env_str("DAM_S3_SECRET_KEY")) or None,
}
if wrong := [place for place, _slug in IMPORT_BUCKETS if not place.startswith("s3://") or place == "s3://"]:
    raise ImproperlyConfigured(f"DAM_IMPORT_BUCKETS must look like s3://bucket/prefix=library, not {wrong[0]!r}.")

# --- webhooks -------------------------------------------------------------------------------------------------

# The address under which others reach this server: it stands in messages, where no request tells it.
PUBLIC_URL = env_str("DAM_PUBLIC_URL") or f"http://127.0.0.1:{env_str('PORT', '8000')}"
WEBHOOK_DIALECTS = {
    "native": "media_library.dialects.Native",
    "cloudinary": "dam.contracts.cloudinary.notifications.Cloudinary",
}

# --- the model ------------------------------------------------------------------------------------------------

MODEL = env_str("DAM_MODEL", "ViT-B-32/laion2b_s34b_b79k")
# What a DAM_MODEL that was built beside the old one does when it is complete: take over, or wait to be switched to.
MODEL_SWITCH = env_choice("DAM_MODEL_SWITCH", "auto", "manual")
MODEL_DIR = Path(env_str("DAM_MODEL_DIR", str(DATA_DIR / "models"))).expanduser().resolve()
MODEL_PRELOAD = env_bool("DAM_MODEL_PRELOAD", default=False)  # the web process sets it
TORCH_THREADS = env_int("DAM_TORCH_THREADS", 0)  # 0: as many as there are cores
INDEX_MEMORY_MB = env_int("DAM_INDEX_MEMORY_MB", 3072)  # that PostgreSQL may take while it builds an HNSW index
# What finds objects in new pictures: see search/detectors. Off when empty.
DETECTOR = env_str("DAM_DETECTOR")
DETECTOR_THRESHOLD = env_share("DAM_DETECTOR_THRESHOLD", 0.5)
ENGINE = env_choice("DAM_ENGINE", "auto", "onnx", "torch")

# --- jobs -----------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_RESULT_BACKEND = CELERY_BROKER_URL
CELERY_RESULT_EXPIRES = 600
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # the sweep re-queues, and counts attempts
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_DB_REUSE_MAX = 10**12  # by default Celery closes the pool around every task; see dam/celery.py
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200  # of up to a hundred pictures each
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_DEFAULT_QUEUE = "media"
CELERY_TASK_ROUTES = {
    "search.tasks.decode_query_image": {"queue": "queries"},
    "search.tasks.read_anchor": {"queue": "queries"},
    "search.tasks.index_pending": {"queue": "index"},
    "search.tasks.measure_recall": {"queue": "index"},
    "search.tasks.rebuild_index": {"queue": "index"},
    "search.tasks.index_regions": {"queue": "index"},
    "search.tasks.sweep_clusters": {"queue": "clusters"},
    "media_library.tasks.run_job": {"queue": "jobs"},
    "media_library.tasks.sweep_jobs": {"queue": "jobs"},
    "media_library.tasks.watch_sources": {"queue": "jobs"},
    "media_library.tasks.sweep_files": {"queue": "jobs"},
    "media_library.tasks.measure_storage": {"queue": "jobs"},
    "search.tasks.find_duplicates": {"queue": "index"},
    "media_library.tasks.send_deliveries": {"queue": "webhooks"},
}
# A worker that listens to `-Q queries,webhooks,media` always takes what a person is waiting for first.
CELERY_BROKER_TRANSPORT_OPTIONS = {"queue_order_strategy": "priority", "visibility_timeout": 900}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "sweep-renditions": {"task": "media_library.tasks.sweep_renditions", "schedule": 60},
    "add-missing-facts": {"task": "media_library.tasks.add_missing_facts", "schedule": 60},
    "sweep-deliveries": {"task": "media_library.tasks.sweep_deliveries", "schedule": 60},
    "sweep-words": {"task": "media_library.tasks.sweep_words", "schedule": 60},
    "sweep-jobs": {"task": "media_library.tasks.sweep_jobs", "schedule": 30, "options": {"expires": 25}},
    "watch-sources": {
        "task": "media_library.tasks.watch_sources",
        "schedule": 10 if WATCH_FOLDERS or IMPORT_BUCKETS else 600,
        "options": {"expires": 9},
    },
    "forget-answers": {"task": "media_library.tasks.forget_answers", "schedule": 3600},
    "forget-sessions": {"task": "media_library.tasks.forget_sessions", "schedule": 3600},
    "forget-audit": {"task": "media_library.tasks.forget_audit", "schedule": 3600},
    "sweep-uploads": {"task": "media_library.tasks.sweep_uploads", "schedule": 300},
    "sweep-files": {"task": "media_library.tasks.sweep_files", "schedule": crontab(hour=2, minute=15)},
    "measure-storage": {"task": "media_library.tasks.measure_storage", "schedule": crontab(hour=2, minute=45)},
    "sweep-index": {"task": "search.tasks.sweep_index", "schedule": 60},
    "update-outliers": {"task": "search.tasks.update_outliers", "schedule": 300},
    "sweep-regions": {"task": "search.tasks.sweep_regions", "schedule": 60},
    # Expires: while a computation takes longer than that, sweeps do not queue up behind it.
    "sweep-clusters": {"task": "search.tasks.sweep_clusters", "schedule": 300, "options": {"expires": 290}},
    "sweep-duplicates": {"task": "search.tasks.sweep_duplicates", "schedule": 60},
    "advance-models": {"task": "search.tasks.advance_models", "schedule": 60},
    "delete-expired-anchors": {"task": "search.tasks.delete_expired_anchors", "schedule": 3600},
    "measure-recall": {"task": "search.tasks.measure_recall", "schedule": crontab(hour=3, minute=30)},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
WORKER_MEMORY_BYTES = env_int("DAM_WORKER_MEMORY_MB", 2048) * 1024 * 1024  # address space of one media worker
WORKER_SECONDS = env_int("DAM_WORKER_SECONDS", 50)  # of processor time for one picture

# --- REST -----------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "media_library.auth.BearerAuthentication",
        "media_library.auth.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "media_library.scopes.HasScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["dam.rendering.Renderer"],
    "DEFAULT_PARSER_CLASSES": [
        "dam.parsing.JsonParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "dam.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": [
        "dam.throttling.UserThrottle",
        "dam.throttling.AnonymousThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "user": env_str("DAM_RATE_USER", "6000/min"),
        "anon": env_str("DAM_RATE_ANONYMOUS", "60/min"),
        "sign_in": env_str("DAM_RATE_TOKEN", "20/min"),
        "file": env_str("DAM_RATE_FILES", "60000/min"),
        "unsigned": env_str("DAM_RATE_UNSIGNED", "30/min"),
    },
    # Whose X-Forwarded-For is believed: anybody else could write one for each request and have no limit.
    "NUM_PROXIES": env_int("DAM_PROXIES", 1 if HTTPS else 0),
    "EXCEPTION_HANDLER": "dam.rest.handle_exception",
    "URL_FORMAT_OVERRIDE": None,  # answers are JSON: `?format=` means nothing
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Media library",
    "DESCRIPTION": "Browse, organise and search pictures by what they look like. Errors are "
    '`{"detail": "<one sentence>", "code": "<machine word>"}`; lists are `{"results", "next_cursor"}`.',
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "AssetState": "media_library.models.asset.Asset.State",
        "JobState": "media_library.models.job.Job.State",
        "UploadState": "media_library.models.partial_upload.PartialUpload.State",
        "StageState": "media_library.findable.STATES",
        "DeliveryState": "media_library.models.delivery.Delivery.State",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "filter": True},  # it shows what is in the window only
    # Choices stand where they are used: names for them would clash between subjects.
    "POSTPROCESSING_HOOKS": ["dam.schema.allow_overlaps", "dam.examples.add_examples"],
}

# --- what is watched: see docs/operations.md -------------------------------------------------------------------

METRICS_TOKEN = env_str("DAM_METRICS_TOKEN")  # /metrics answers who sends it, and nobody without
OTLP_ENDPOINT = env_url("DAM_OTLP_ENDPOINT")  # the collector of traces: see dam/traces.py
TRACE_SHARE = env_share("DAM_TRACE_SHARE", 1.0)  # of the requests
if OTLP_ENDPOINT:
    require_extra("DAM_OTLP_ENDPOINT", "opentelemetry.instrumentation.django", "dam[traces]")
SLOW_SECONDS = env_int("DAM_SLOW_MS", 1000) / 1000  # requests that take longer are shown in the console

# --- logging --------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "dam.logs.OfRequest"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}]: {message}", "style": "{"},
        "json": {"()": "dam.logs.Json"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request"],
            "formatter": env_choice("DAM_LOG_FORMAT", "line", "json"),
        }
    },
    "root": {"handlers": ["console"], "level": env_str("DAM_LOG_LEVEL", "INFO").upper()},
    "loggers": {"httpx": {"level": "WARNING"}, "PIL": {"level": "WARNING"}},
}
