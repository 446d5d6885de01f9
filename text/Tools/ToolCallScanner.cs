using System.Text;
using System.Text.Json;

namespace HunyuanOrleans.Text.Tools;

/// <summary>
/// Reads a list of calls, JSON that arrives in pieces, and gives each call's name as soon as it is known and its arguments as they are
/// written. It does not know the marks around the list, nor which tools there are.
/// </summary>
/// <param name="first">Number of calls the answer held before.</param>
public sealed class ToolCallScanner(int first)
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

    /// <summary>Calls of the answer so far.</summary>
    public int Calls => first + CallsHere;

    /// <summary>Calls of this list so far.</summary>
    public int CallsHere { get; private set; }

    /// <summary>True once the list is complete.</summary>
    public bool Ended => _state == State.Done;

    /// <summary>True once the text cannot be a list of calls.</summary>
    public bool Failed => _state == State.Failed;

    /// <summary>What was read, for where it is no list of calls.</summary>
    public string Text => _text.ToString();

    /// <summary>Reads on.</summary>
    /// <param name="text">Text; what it holds before the return value is done with.</param>
    /// <param name="events">Gets what came.</param>
    /// <returns>How much was read: all of it, except after the end of the list or a fault.</returns>
    public int Read(string text, List<ToolEvent> events)
    {
        int i = 0;
        while (i < text.Length && _state is not (State.Done or State.Failed))
        {
            if (CallsHere == 0)
            {
                _text.Append(text[i]);
            }

            Take(text[i], events);
            i++;
        }

        if (_ready.Length > 0)
        {
            Give(events, _ready.ToString());
            _ready.Clear();
        }

        return i;
    }

    private void Take(char c, List<ToolEvent> events)
    {
        switch (_state)
        {
            case State.List:
                TakeInList(c);
                break;
            case State.Call:
                TakeInCall(c, events);
                break;
            case State.Key:
                TakeInKey(c);
                break;
            case State.Colon:
                _state = c == ':' ? Begin(State.Value) : char.IsWhiteSpace(c) ? _state : State.Failed;
                break;
            default:
                TakeInValue(c, events);
                break;
        }
    }

    private void TakeInList(char c)
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

    private void TakeInCall(char c, List<ToolEvent> events)
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

    private void TakeInKey(char c)
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

    private void TakeInValue(char c, List<ToolEvent> events)
    {
        if (_value.Length == 0 && !_streaming)
        {
            if (char.IsWhiteSpace(c))
            {
                return;
            }

            // Only objects can be handed on as they are; a string holds its JSON escaped.
            _streaming = _key == "arguments" && c == '{' && _name is not null && !_begun;
            if (_streaming)
            {
                BeginCall(events);
            }
        }

        if (_depth == 0 && !_inString && c is ',' or '}' && _value.Length > 0)
        {
            // The end of a number or word is seen only at what follows it.
            EndValue(events);
            TakeInCall(c, events);
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

    private void EndValue(List<ToolEvent> events)
    {
        _state = State.Call;
        if (_streaming)
        {
            _streaming = false;
            _arguments = "";
            Give(events, _ready.ToString());
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

    private void EndCall(List<ToolEvent> events)
    {
        _state = _open ? State.List : State.Done;
        if (_name is null)
        {
            _state = State.Failed;
            return;
        }

        if (!_begun)
        {
            BeginCall(events);
            Give(events, string.IsNullOrEmpty(_arguments) || _arguments == "null" ? "{}" : _arguments);
        }
    }

    private void BeginCall(List<ToolEvent> events)
    {
        _begun = true;
        events.Add(new ToolEvent(ToolEventKind.Begin, _name!, Calls, "call_" + Guid.NewGuid().ToString("N")[..24]));
        CallsHere++;
    }

    private void Give(List<ToolEvent> events, string text)
    {
        if (text.Length > 0)
        {
            events.Add(new ToolEvent(ToolEventKind.Arguments, text, Calls - 1, null));
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
