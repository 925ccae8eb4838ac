"""The tables of the desk's database: people, drafts, states, decisions, jobs and the log.

For texts and their rights, the source files, runs and releases on the disk are authoritative.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Final, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ONE_PERSON: Final = "you"  # the name of the only user of a desk on one machine, shown translated


class Role(models.TextChoices):
    """The role of a person; `web/access/roles.py` lists the pages that each role may open."""

    CONTRIBUTOR = "contributor", _("contributor")
    REVIEWER = "reviewer", _("reviewer")
    STEWARD = "steward", _("steward")


class Person(AbstractBaseUser):
    """A person who logs in, or the only user of a desk on one machine."""

    username = models.CharField(
        _("name to log in with"),
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[\w.-]+\Z", _("Use letters, digits, points, hyphens and underscores only."))],
    )
    name = models.CharField(_("your name, as colleagues see it"), max_length=120)
    role = models.CharField(_("Role"), max_length=20, choices=Role, default=Role.CONTRIBUTOR)
    language = models.CharField(max_length=5, blank=True)
    is_active = models.BooleanField(_("May log in"), default=True)
    joined = models.DateTimeField(default=timezone.now)

    objects = BaseUserManager()
    USERNAME_FIELD = "username"

    def __str__(self) -> str:
        return self.name or (gettext("you") if self.username == ONE_PERSON else self.username)


def digest_of_token(token: str) -> str:
    """Return the digest that is stored instead of a token, which the database must not reveal."""
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(models.Model):
    """A link with which a person can create one account."""

    DAYS: Final = 14

    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=20, choices=Role)
    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="invitations")
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    used_by = models.OneToOneField(Person, models.SET_NULL, null=True, related_name="invitation")

    @classmethod
    def make(cls, role: str, by: Person | None) -> str:
        """Create an invitation and return its token, which isn't stored."""
        token = secrets.token_urlsafe(24)
        expires = timezone.now() + timedelta(days=cls.DAYS)
        cls.objects.create(digest=digest_of_token(token), role=role, created_by=by, expires=expires)
        return token

    @classmethod
    def open_ones(cls) -> models.QuerySet[Invitation]:
        """Return the invitations that can still be used."""
        return cls.objects.filter(used_by=None, expires__gt=timezone.now())


class Versioned(models.Model):
    """A row that several people edit; `forms.VersionedForm` doesn't overwrite a newer version of it."""

    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    def store(self, **values: Any) -> None:
        """Store these values, and no others, as a new version of the row."""
        type(self).objects.filter(pk=self.pk).update(version=models.F("version") + 1, **values)


class Collection(Versioned):
    """A collection; its source file is `collections/<slug>/source.toml`."""

    class State(models.TextChoices):
        DRAFT = "draft", _("being described")
        REVIEW = "review", _("waiting for approval")
        APPROVED = "approved", _("approved, not in a version yet")
        RELEASED = "released", _("in a version")
        HELD = "held", _("on hold")
        WITHDRAWN = "withdrawn", _("withdrawn")

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(
        _("What is the collection called?"),
        max_length=200,
        help_text=_("The name by which people know it, such as «Songs of the river»."),
    )
    custodian = models.CharField(
        _("Who keeps it?"),
        max_length=200,
        help_text=_("The library, archive, family or community that has the texts."),
    )
    rights_holder = models.CharField(
        _("Who holds the rights?"),
        max_length=200,
        blank=True,
        help_text=_("The authors, their heirs, a publisher or a community. Leave it empty if you don't know yet."),
    )
    owner = models.ForeignKey(Person, models.PROTECT, related_name="collections")
    created = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    reason = models.TextField(blank=True)
    draft = models.JSONField(default=dict, blank=True)
    status_number = models.CharField(max_length=24, unique=True, null=True)  # noqa: DJ001  (unique, where there is one)

    def __str__(self) -> str:
        return self.title


class CollectionFile(Versioned):
    """A file of a collection; `facts` come from the survey, `correction` and `row` from the librarian."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="files")
    path = models.CharField(max_length=1000)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    added = models.DateTimeField(default=timezone.now)
    facts = models.JSONField(null=True, blank=True)
    row = models.JSONField(null=True, blank=True)
    correction = models.JSONField(default=dict, blank=True)
    fate = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "path"], name="one_row_per_file")]
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path


class PolicyDraft(Versioned):
    """A person's draft of the rules for a language or a group; `signed` is the content that was signed."""

    owner = models.ForeignKey(Person, models.PROTECT, related_name="policies")
    language = models.CharField(max_length=40)
    rules = models.JSONField()
    signed = models.TextField(blank=True)
    statement = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "language"], name="one_draft_per_language")]

    def __str__(self) -> str:
        return self.language


def _refuse(*_args: Any, **_values: Any) -> NoReturn:
    """Raise a PermissionError instead of changing or deleting an entry."""
    raise PermissionError("the log is append-only")


class AppendOnly(models.QuerySet):
    """Rows that are never changed or deleted."""

    update = delete = _refuse


class LogEntry(models.Model):
    """An entry of the log: person, action, object, time, reason, and the digest of the previous entry."""

    at = models.DateTimeField(default=timezone.now)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    object = models.CharField(max_length=300)
    digest_before = models.CharField(max_length=64, blank=True)
    digest_after = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    objects = AppendOnly.as_manager()
    delete = _refuse

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.object}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry; refuse to change one.

        Raises:
            PermissionError: the entry was stored before.
        """
        if self.pk is not None:
            _refuse()
        super().save(*args, **kwargs)

    def computed_digest(self) -> str:
        """Return the SHA-256 of the entry, which includes the previous entry's digest."""
        values = [
            self.previous,
            self.at.isoformat(),
            str(self.person_id or ""),
            self.action,
            self.object,
            self.digest_before,
            self.digest_after,
            self.reason,
        ]
        return hashlib.sha256("\x1f".join(values).encode()).hexdigest()


class Approval(models.Model):
    """A second person's approval of rights or consent, bound to the digest of the approved content."""

    class Kind(models.TextChoices):
        RIGHTS = "rights", _("rights")
        CONSENT = "consent", _("consent")

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="approvals")
    kind = models.CharField(max_length=20, choices=Kind)
    digest = models.CharField(max_length=64)
    approved = models.BooleanField(default=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="approvals")
    given = models.DateTimeField(default=timezone.now)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-given"]

    def __str__(self) -> str:
        return f"{self.kind} {self.collection_id}"


class Job(models.Model):
    """Work in a separate process, which `web/jobs/worker.py` starts and watches."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")

    OPEN: Final = (State.QUEUED, State.RUNNING)

    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    collection = models.ForeignKey(Collection, models.CASCADE, null=True, related_name="jobs")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="jobs")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED, db_index=True)
    stop_requested = models.BooleanField(default=False)
    pid = models.IntegerField(null=True)
    starts = models.PositiveIntegerField(default=0)
    progress = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    created = models.DateTimeField(default=timezone.now)
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether the job is queued or running."""
        return self.state in self.OPEN


class Sample(models.Model):
    """Texts of one language that were drawn, for all readers, from a version or a collection's run.

    `texts` has the `doc_id` and `text_hash` of each text. The texts and the readers' answers are stored in `out`.
    """

    named = models.CharField(max_length=200)
    language = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    collection = models.ForeignKey(Collection, models.CASCADE, null=True, related_name="samples")
    texts = models.JSONField(default=list)
    drawn = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["named", "language", "number"], name="drawn_once")]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.named}, {self.language}"


class Token(models.Model):
    """A token of the JSON API, with its scopes and its expiry."""

    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens")
    scopes = models.JSONField(default=list)
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    last_used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(cls, person: Person, name: str, scopes: list[str], days: int) -> str:
        """Create a token for a person and return it; only its digest is stored."""
        token = f"desk_{secrets.token_urlsafe(32)}"
        expires = timezone.now() + timedelta(days=days)
        cls.objects.create(digest=digest_of_token(token), name=name, person=person, scopes=scopes, expires=expires)
        return token


class Attempt(models.Model):
    """A request that counts towards a limit."""

    address = models.CharField(max_length=64)
    route = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["route", "address", "at"])]

    def __str__(self) -> str:
        return f"{self.route} {self.address}"
