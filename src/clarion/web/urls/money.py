"""The workspace's balance and its price list."""

from django.urls import path

from clarion.web.pages import balance, prices

workspace_urlpatterns = [
    path("balance/", balance.balance, name="balance"),
    path("balance/ledger.csv", balance.ledger_csv, name="balance_csv"),
    path("prices/", prices.prices, name="prices"),
    path("prices/prices.csv", prices.prices_csv, name="prices_csv"),
]
