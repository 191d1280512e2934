"""The demo's templates: one of each way to write a message. Sources as a template version holds them."""

_UNSUBSCRIBE = '<a href="{{ unsubscribe_url }}">Unsubscribe</a>'

SPRING = {
    "mode": "html",
    "subject": "{{ first_name }}, spring is here",
    "preheader": "New arrivals, picked for {{ city }}",
    "source": f"""<!doctype html>
<html lang="en">
<head><title>Spring</title>
<style>
  body {{ margin: 0; background: #f4f5f7; font-family: Helvetica, Arial, sans-serif; color: #1c2330; }}
  .sheet {{ max-width: 560px; margin: 24px auto; padding: 32px; background: #ffffff; }}
  h1 {{ font-size: 26px; margin: 0 0 16px; }}
  .call {{ display: inline-block; padding: 12px 22px; background: #3b5bdb; color: #ffffff; text-decoration: none; }}
  .small {{ font-size: 12px; color: #667085; }}
</style></head>
<body><div class="sheet">
<h1>Good morning, {{{{ first_name }}}}</h1>
<p>The days are getting longer in {{{{ city }}}}, and our spring collection has just arrived.</p>
{{% if points|int >= 1000 %}}
<p>You have collected <b>{{{{ points }}}} points</b>: the shipping is on us.</p>
{{% endif %}}
<p><a class="call" href="https://shop.example.com/spring">See what is new</a></p>
<p class="small">You get this because you are on our newsletter. {_UNSUBSCRIBE}</p>
</div></body></html>
""",
    "text": "",
}

RENEWAL = {
    "mode": "mjml",
    "subject": "Your {{ plan }} plan is up for renewal",
    "preheader": "Nothing to do: it goes on by itself",
    "source": f"""<mjml>
  <mj-head><mj-title>Renewal</mj-title></mj-head>
  <mj-body background-color="#f4f5f7">
    <mj-section background-color="#ffffff" padding="32px">
      <mj-column>
        <mj-text font-size="24px" font-weight="600">Hello {{{{ first_name }}}}</mj-text>
        <mj-text>Your <b>{{{{ plan }}}}</b> plan will be renewed next week. You need not do anything.</mj-text>
        <mj-button background-color="#3b5bdb" href="https://shop.example.com/account">Look at your plan</mj-button>
        <mj-text font-size="12px" color="#667085">{_UNSUBSCRIBE}</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
""",
    "text": "",
}

MEETUP = {
    "mode": "text",
    "subject": "See you on Thursday, {{ first_name }}?",
    "preheader": "",
    "source": """Hello {{ first_name }},

our next meetup is on Thursday at seven, at the usual place. This time: three short talks about
sending mail that people want to read.

Will you be there?

Unsubscribe: {{ unsubscribe_url }}
""",
    "text": "",
}

TEMPLATES = {"Spring newsletter": SPRING, "Renewal notice": RENEWAL, "Meetup invitation": MEETUP}
