"""English."""

from __future__ import annotations

NAME = "English"

ABBREVIATIONS = """
mr mrs ms mx messrs dr prof rev st gen capt lt sgt col cpl maj gov supt e.g eg i.e ie vs cf viz approx appt apt dept
est excl incl tel ext acct misc resp tues thurs mt ph.d b.sc m.sc a.k.a aka w.r.t cust qty
"""

CLOSING_ABBREVIATIONS = """
etc inc ltd corp co llc plc bros jr sr a.m p.m am pm a.d b.c hrs mins secs yrs wks asap max min avg al d.c ft jan feb
apr aug sept oct nov dec
"""

NUMBER_ABBREVIATIONS = "no nos nr vol fig figs p pp pt art sec ch v ver op par"

LINKING_WORDS = """
a an the my your his our their every each of from at by than into onto per between and or but nor because although
though if whether while unless until when where who which whose as i we they he she very quite
"""

OPENING_WORDS = """
it its in on for to with after before during since you there here what why how now then also however still just never
always only no not yes all both some most many first second next finally overall please thanks thank once even don't
i'm i've it's they're we've didn't this these those that so is are was were be been am has have had will would can
could should may might must do does did really too
"""

BUSINESS_WORDS = "at from to by with via"

ARTICLES = "a an the my your his her our their this that these those one each every some any no"

CAPITAL_NOUNS = False

ORDINAL_POINT = False

REFERENCE_WORDS = """
order orders booking reservation claim policy ticket invoice contract case account customer shipment parcel tracking
membership complaint refund purchase subscription
"""

REFERENCE_NUMBER_WORDS = """
reference ref pnr locator confirmation ordernumber order-no order-id booking-ref waybill awb imei
"""

PHONE_REGIONS = ("GB", "IE", "US")
