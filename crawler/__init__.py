"""A Scrapy project: what was said, and where?"""
