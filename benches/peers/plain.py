# The smallest JSON answer that FastAPI gives, to hold the edge against: `uvicorn plain:app`. No database, no log-in.
from fastapi import FastAPI

app = FastAPI()


@app.get("/plain")
async def plain() -> dict[str, str]:
    return {"status": "ok"}
