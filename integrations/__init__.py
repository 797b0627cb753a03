"""The science: model families over a common core; knows no web, queue or database."""
