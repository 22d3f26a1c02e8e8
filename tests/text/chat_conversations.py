"""Conversations that every chat template is rendered with."""

SPECIAL_TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather of a place — \"now\" & <soon>.\nNothing else.",
    "parameters": {"type": "object", "properties": {
        "place": {"type": "string", "description": "Größe, 東京, 🌦️"},
        "days": {"type": "integer", "default": 1, "minimum": 0, "maximum": 14},
        "units": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "where": {"type": "object", "properties": {"lat": {"type": "number"}, "lon": {"type": ["number", "null"]}}},
        "tags": {"type": "array", "items": {"type": "string"}}},
        "required": ["place"], "additionalProperties": False},
    "return": {"type": "string", "description": "text"}}}
SUM = {"type": "function", "function": {
    "name": "sum", "description": "Adds.", "parameters": {"type": "object", "properties": {
        "values": {"type": "array", "items": {"type": "number"}}}, "required": ["values"]}}}

SYSTEM = {"role": "system", "content": "You are terse."}
HELLO = {"role": "user", "content": "Hello!"}
HI = {"role": "assistant", "content": "Hi. What is it?"}
MORE = {"role": "user", "content": "What is 1 + 1?"}
TWO = {"role": "assistant", "content": "2"}
CALL = {"role": "assistant", "content": "", "tool_calls": [
    {"id": "call12345", "type": "function",
     "function": {"name": "get_weather", "arguments": {"place": "Zürich 🏔", "days": 2, "tags": [], "x": None,
                                                       "y": True, "z": 0.5}}}]}
CALLS = {"role": "assistant", "content": None, "tool_calls": [
    {"id": "aaaaaaaaa", "type": "function", "function": {"name": "sum", "arguments": {"values": [1, 2.0, -3e20]}}},
    {"id": "bbbbbbbbb", "type": "function", "function": {"name": "sum", "arguments": {"values": []}}}]}
CALL_TEXT = {"role": "assistant", "content": "Let me see.", "tool_calls": [
    {"id": "ccccccccc", "type": "function", "function": {"name": "sum", "arguments": "{\"values\": [1]}"}}]}
ANSWER = {"role": "tool", "name": "get_weather", "tool_call_id": "call12345", "content": "{\"sky\": \"grey\"}"}
ANSWER_DICT = {"role": "tool", "name": "sum", "tool_call_id": "aaaaaaaaa", "content": {"result": 3, "é": ["ü"]}}
THOUGHT = {"role": "assistant", "content": "<think>\nOne and one.\n</think>\n\nTwo."}
REASONED = {"role": "assistant", "content": "Two.", "reasoning_content": "\nOne and one.\n", "thinking": "Hm."}


def chat(*messages, **more):
    return {"messages": list(messages)} | more


def parts(role, *texts):
    return {"role": role, "content": [{"type": "text", "text": text} for text in texts]}


PROMPT = {"add_generation_prompt": True}
TOOLS = {"tools": [WEATHER, SUM]}

CONVERSATIONS = {
    "one question": chat(HELLO, **PROMPT),
    "one question, no prompt": chat(HELLO),
    "system and question": chat(SYSTEM, HELLO, **PROMPT),
    "several turns": chat(SYSTEM, HELLO, HI, MORE, **PROMPT),
    "ends with an answer": chat(HELLO, HI, MORE, TWO),
    "prefill": chat(HELLO, HI, **PROMPT),
    "many turns": chat(SYSTEM, *[HELLO, HI, MORE, TWO] * 6, HELLO, **PROMPT),
    "white space": chat({"role": "system", "content": "  \n s \t\n"},
                        {"role": "user", "content": "\n  a\n\n b \n"},
                        {"role": "assistant", "content": "\t x \n"}, {"role": "user", "content": "   "}, **PROMPT),
    "empty": chat({"role": "system", "content": ""}, {"role": "user", "content": ""},
                  {"role": "assistant", "content": ""}, {"role": "user", "content": ""}, **PROMPT),
    "scripts": chat({"role": "user", "content": "Größe ǅ 東京 👩‍👩‍👧‍👦 \u200b\u00a0\u2028é́ {{ x }} {% if %} <|im_end|> \\n \"q\" 'p'"},
                    {"role": "assistant", "content": "ΑΣ ﬁ Straße\u0000\u0007"}, {"role": "user", "content": "ok"}, **PROMPT),
    "parts": chat(parts("system", "Be brief."), parts("user", "What ", "is it?"), parts("assistant", "It."),
                  parts("user", "Why?"), **PROMPT),
    "no messages": chat(**PROMPT),
    "two users": chat(HELLO, MORE, **PROMPT),
    "starts with an answer": chat(HI, HELLO, **PROMPT),
    "late system": chat(HELLO, SYSTEM, MORE, **PROMPT),
    "two systems": chat(SYSTEM, SYSTEM, HELLO, **PROMPT),
    "unknown role": chat(HELLO, {"role": "wizard", "content": "Abracadabra"}, **PROMPT),
    "developer": chat({"role": "developer", "content": "Answer in verse."}, HELLO, **PROMPT),
    "no role": chat({"content": "?"}, **PROMPT),
    "no content": chat({"role": "user"}, **PROMPT),
    "null content": chat(HELLO, {"role": "assistant", "content": None}, MORE, **PROMPT),
    "number as content": chat({"role": "user", "content": 7}, **PROMPT),
    "tools": chat(HELLO, **TOOLS, **PROMPT),
    "tools and system": chat(SYSTEM, HELLO, **TOOLS, **PROMPT),
    "no tools": chat(HELLO, tools=[], **PROMPT),
    "a call": chat(HELLO, CALL, **TOOLS),
    "a call and its answer": chat(SYSTEM, HELLO, CALL, ANSWER, **TOOLS, **PROMPT),
    "an answer without tools": chat(HELLO, CALL, ANSWER, **PROMPT),
    "two calls": chat(HELLO, CALLS, ANSWER_DICT, ANSWER_DICT, HI, MORE, **TOOLS, **PROMPT),
    "arguments as text": chat(HELLO, CALL_TEXT, {"role": "tool", "content": "1", "tool_call_id": "ccccccccc"}, **TOOLS,
                              **PROMPT),
    "tools in the user's message": chat(HELLO, tools_in_user_message=False, **TOOLS, **PROMPT),
    "date given": chat(HELLO, date_string="1 Jan 2000", **PROMPT),
    "thoughts": chat(HELLO, THOUGHT, MORE, **PROMPT),
    "reasoning": chat(HELLO, REASONED, MORE, REASONED, HELLO, **PROMPT),
    "last is reasoned": chat(HELLO, THOUGHT, MORE, REASONED),
    "no thinking": chat(HELLO, enable_thinking=False, thinking=False, **PROMPT),
    "thinking": chat(SYSTEM, HELLO, enable_thinking=True, thinking=True, reasoning_effort="low", **PROMPT),
    "documents": chat(HELLO, documents=[{"title": "A", "text": "Alpha."}, {"title": "B", "text": "Beta\n"}], **PROMPT),
    "switches in the system text": chat({"role": "system", "content": "Go. /no_think"}, HELLO, **PROMPT),
    "custom instructions": chat(SYSTEM, HELLO, HI, MORE, custom_instructions="Rhyme.", xml_tools=[WEATHER],
                                python_tools=[SUM], **PROMPT),
}
