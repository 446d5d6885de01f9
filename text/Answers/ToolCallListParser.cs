using System.Text;
using System.Text.Json;

namespace HunyuanOrleans.Text.Answers;

/// <summary>
/// Parses a JSON list of tool calls incrementally. It reports the name of a call as soon as it is known, and the arguments as they arrive.
/// It does not know the markers around the list or the available tools. Not thread-safe.
/// </summary>
/// <param name="firstCall">The number of calls in the answer before this list.</param>
internal sealed class ToolCallListParser(int firstCall)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _value = new();
    private readonly StringBuilder _ready = new();
    private State _state = State.List;
    private string? _key;
    private string? _name;
    private string? _arguments;
    private bool _open, _begun, _streaming, _inString, _escaped;
    private int _depth;

    private enum State
    {
        List,
        Call,
        Key,
        Colon,
        Value,
        Done,
        Failed,
    }

    /// <summary>The number of calls in the answer so far.</summary>
    public int Calls => firstCall + CallsHere;

    /// <summary>The number of calls in this list so far.</summary>
    public int CallsHere { get; private set; }

    /// <summary>The number of calls in this list that are complete.</summary>
    public int CompleteHere { get; private set; }

    /// <summary>Whether the list is complete.</summary>
    public bool Ended => _state == State.Done;

    /// <summary>Whether the text is not a list of calls.</summary>
    public bool Failed => _state == State.Failed;

    /// <summary>The text read before the first call, to be shown if it is not a list of calls.</summary>
    public string Text => _text.ToString();

    /// <summary>Parses the next text.</summary>
    /// <param name="text">The next text.</param>
    /// <param name="events">Receives the events of this text.</param>
    /// <returns>The number of chars parsed: all, unless the list ends or the text is malformed.</returns>
    public int Read(string text, List<AnswerEvent> events)
    {
        int i = 0;
        while (i < text.Length && _state is not (State.Done or State.Failed))
        {
            if (CallsHere == 0)
            {
                _text.Append(text[i]);
            }

            Parse(text[i], events);
            i++;
        }

        if (_ready.Length > 0)
        {
            EmitArguments(events, _ready.ToString());
            _ready.Clear();
        }

        return i;
    }

    private void Parse(char c, List<AnswerEvent> events)
    {
        switch (_state)
        {
            case State.List:
                ParseInList(c);
                break;
            case State.Call:
                ParseInCall(c, events);
                break;
            case State.Key:
                ParseInKey(c);
                break;
            case State.Colon:
                _state = c == ':' ? Begin(State.Value) : char.IsWhiteSpace(c) ? _state : State.Failed;
                break;
            default:
                ParseInValue(c, events);
                break;
        }
    }

    private void ParseInList(char c)
    {
        if (c == '{')
        {
            (_name, _arguments, _begun) = (null, null, false);
            _state = State.Call;
        }
        else if (c == '[' && !_open)
        {
            _open = true;
        }
        else if (c == ']' && _open)
        {
            _state = State.Done;
        }
        else if (!char.IsWhiteSpace(c) && !(c == ',' && _open))
        {
            _state = State.Failed;
        }
    }

    private void ParseInCall(char c, List<AnswerEvent> events)
    {
        if (c == '"')
        {
            _state = Begin(State.Key);
        }
        else if (c == '}')
        {
            EndCall(events);
        }
        else if (c != ',' && !char.IsWhiteSpace(c))
        {
            _state = State.Failed;
        }
    }

    private void ParseInKey(char c)
    {
        if (c == '"' && !_escaped)
        {
            _key = _value.ToString();
            _state = State.Colon;
            return;
        }

        _escaped = c == '\\' && !_escaped;
        _value.Append(c);
    }

    private void ParseInValue(char c, List<AnswerEvent> events)
    {
        if (_value.Length == 0 && !_streaming)
        {
            if (char.IsWhiteSpace(c))
            {
                return;
            }

            // Only objects can be reported as they arrive: a string contains escaped JSON.
            _streaming = _key == "arguments" && c == '{' && _name is not null && !_begun;
            if (_streaming)
            {
                BeginCall(events);
            }
        }

        if (_depth == 0 && !_inString && c is ',' or '}' && _value.Length > 0)
        {
            // The end of a number or keyword is known only from the character after it.
            EndValue(events);
            ParseInCall(c, events);
            return;
        }

        Append(c);
        if (_inString)
        {
            _inString = c != '"' || _escaped;
            _escaped = c == '\\' && !_escaped;
        }
        else
        {
            _inString = c == '"';
            _depth += c is '{' or '[' ? 1 : c is '}' or ']' ? -1 : 0;
        }

        if (_depth == 0 && !_inString && c is '"' or '}' or ']' && _depth == 0 && !_inString)
        {
            EndValue(events);
        }
    }

    private void Append(char c) => (_streaming ? _ready : _value).Append(c);

    private void EndValue(List<AnswerEvent> events)
    {
        _state = State.Call;
        if (_streaming)
        {
            _streaming = false;
            _arguments = "";
            EmitArguments(events, _ready.ToString());
            _ready.Clear();
            return;
        }

        string raw = _value.ToString().Trim();
        if (_key == "name")
        {
            _name ??= Decode(raw);
        }
        else if (_key == "arguments")
        {
            _arguments ??= raw.StartsWith('"') ? Decode(raw) : raw;
        }
    }

    private void EndCall(List<AnswerEvent> events)
    {
        _state = _open ? State.List : State.Done;
        if (_name is null || _arguments is null)
        {
            _state = State.Failed;
            return;
        }

        if (!_begun)
        {
            BeginCall(events);
            EmitArguments(events, _arguments is "" or "null" ? "{}" : _arguments);
        }

        events.Add(new AnswerEvent(AnswerEventKind.CallEnd, "", Calls - 1));
        CompleteHere++;
    }

    private void BeginCall(List<AnswerEvent> events)
    {
        _begun = true;
        events.Add(new AnswerEvent(AnswerEventKind.CallBegin, _name!, Calls, "call_" + Guid.NewGuid().ToString("N")[..24]));
        CallsHere++;
    }

    private void EmitArguments(List<AnswerEvent> events, string text)
    {
        if (text.Length > 0)
        {
            events.Add(new AnswerEvent(AnswerEventKind.CallArguments, text, Calls - 1, null));
        }
    }

    private State Begin(State state)
    {
        _value.Clear();
        (_depth, _inString, _escaped, _streaming) = (0, false, false, false);
        return state;
    }

    private static string? Decode(string raw)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(raw);
            return document.RootElement.ValueKind == JsonValueKind.String ? document.RootElement.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
