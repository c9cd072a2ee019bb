"""HTTP beside GraphQL: signing in, health, the page to ask on, and what every answer carries.

token_endpoint.py  POST /auth/token
health.py          GET /healthz, GET /readyz
graphiql.py        GraphiQL's files under /graphiql/, and the page that GET /graphql shows to a browser
middleware.py      request ids and security headers
not_found.py       errors of HTTP itself, as JSON that helps
"""
