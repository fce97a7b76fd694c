"""Scorecards as PDF: the same frozen object as the page, written down by ``entries`` and set by ``typesetting``."""

from appraisal.reports.pdf.entries import scorecards_document
from appraisal.reports.pdf.typesetting import join_pdfs, typeset

__all__ = ["join_pdfs", "scorecards_document", "typeset"]
