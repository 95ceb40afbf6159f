"""A listening study: a page that plays excerpts of several sources and asks for ratings, and what the answers say."""
