from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from appraisal.guide.chapters import Chapter, chapters_for
from appraisal.guide.pages import LANGUAGES, Page, get_page
from engineers.requests import SignedInRequest


@require_GET
def guide(request: SignedInRequest) -> HttpResponse:
    """The contents: the reader's own chapters first."""
    own = chapters_for(request.user)
    others = [chapter for chapter in Chapter if chapter not in own]
    return render(request, "guide/guide.html", {"own": [*map(_page, own)], "others": [*map(_page, others)]})


@require_GET
def guide_chapter(request: SignedInRequest, name: str) -> HttpResponse:
    if name not in [*Chapter]:
        raise Http404
    return render(request, "guide/chapter.html", {"page": _page(Chapter(name))})


def _page(chapter: Chapter) -> Page:
    language = get_language() or ""
    return get_page(chapter, language if language in LANGUAGES else "en")
