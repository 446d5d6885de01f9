using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace HunyuanOrleans.Text.Answers;

/// <summary>
/// Separates tool calls from user-visible text as models of type hy_v3 write them: <c>&lt;tool_calls&gt;</c>, then for each call
/// <c>&lt;tool_call&gt;name&lt;tool_sep&gt;</c> with <c>&lt;arg_key&gt;</c> and <c>&lt;arg_value&gt;</c> for each argument. Text before the calls is content,
/// text between and behind them is not. A call whose end is missing is complete if the answer ends between two arguments. Not thread-safe.
/// </summary>
/// <param name="marks">The marks of the model.</param>
/// <param name="parameters">Finds the JSON schema of a function's arguments by its name; it returns null if there is none.</param>
/// <param name="maxCalls">The most calls to report. Further calls are ignored.</param>
/// <param name="callsOnly">Whether the answer must consist of calls. Then other text is not content.</param>
public sealed class TaggedToolCallParser(
    HyV3Marks marks, Func<string, JsonElement?> parameters, int maxCalls = int.MaxValue, bool callsOnly = false) : IToolCallParser
{
    private readonly List<char> _pending = [];
    private readonly StringBuilder _unread = new();
    private readonly List<AnswerEvent> _events = [];
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly string[] _inCall = [marks.ArgumentKey, marks.EndToolCall, marks.ToolCall, marks.EndToolCalls];
    private Place _place = Place.Content;
    private int _scanned;
    private int _calls;
    private string _key = "";
    private JsonElement? _schema;

    private enum Place
    {
        Content,
        BetweenCalls,
        Name,
        BetweenArguments,
        Key,
        BeforeValue,
        Value,
        End,
    }

    /// <inheritdoc/>
    public int CompleteCalls { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<AnswerEvent> Append(string text, bool last)
    {
        _events.Clear();
        _pending.AddRange(text);
        while (Step())
        {
        }

        if (last)
        {
            Finish();
        }

        if (_events.Count == 0)
        {
            return _events;
        }

        _events.RemoveAll(part => part.Kind == AnswerEventKind.Content ? callsOnly : part.Call >= maxCalls);
        CompleteCalls += _events.Count(static part => part.Kind == AnswerEventKind.CallEnd);
        return _events;
    }

    // Returns true if a mark was found and there may be more to read.
    private bool Step()
    {
        switch (_place)
        {
            case Place.Content:
                return ReadContent();
            case Place.BetweenCalls:
                return Take([marks.ToolCall, marks.EndToolCalls], out _, out int next) && Go(next == 0 ? Place.Name : Place.End);
            case Place.Name:
                return Take([marks.ToolSeparator, marks.EndToolCall, marks.EndToolCalls], out string name, out next)
                    && (next == 0 ? BeginCall(name.Trim()) : Go(next == 1 ? Place.BetweenCalls : Place.End));
            case Place.BetweenArguments:
                return Take(_inCall, out _, out next) && (next == 0 ? Go(Place.Key) : EndCall(next));
            case Place.Key:
                return Take([marks.EndArgumentKey], out _key, out _) && Go(Place.BeforeValue);
            case Place.BeforeValue:
                return Take([marks.ArgumentValue, .. _inCall], out _, out next)
                    && (next == 0 ? Go(Place.Value) : next == 1 ? Go(Place.Key) : EndCall(next - 1));
            case Place.Value:
                return Take([marks.EndArgumentValue], out string value, out _) && EmitArgument(value);
            default:
                _pending.Clear();
                return false;
        }
    }

    private bool ReadContent()
    {
        if (Take([marks.ToolCalls], out string content, out _))
        {
            Emit(content);
            _unread.Append(marks.ToolCalls);
            return Go(Place.BetweenCalls);
        }

        ReadOnlySpan<char> pending = CollectionsMarshal.AsSpan(_pending);
        int ready = pending.Length - MarkScanner.PartialLength(pending, marks.ToolCalls);
        Emit(pending[..ready].ToString());
        _pending.RemoveRange(0, ready);
        _scanned = 0;
        return false;
    }

    private bool BeginCall(string name)
    {
        _schema = parameters(name);
        _keys.Clear();
        _events.Add(new AnswerEvent(AnswerEventKind.CallBegin, name, _calls, "call_" + Guid.NewGuid().ToString("N")[..24]));
        _calls++;
        return Go(Place.BetweenArguments);
    }

    // Of an argument that is written twice, the first value counts: it may be sent already.
    private bool EmitArgument(string value)
    {
        if (_keys.Add(_key))
        {
            string begin = _keys.Count == 1 ? "{" : ", ";
            EmitArguments($"{begin}{ToolArgument.Quote(_key)}: {ToolArgument.ToJson(value, _schema, _key)}");
        }

        return Go(Place.BetweenArguments);
    }

    // The mark that ended the call: its own end, the beginning of the next one, or the end of all.
    private bool EndCall(int mark)
    {
        EmitArguments(_keys.Count == 0 ? "{}" : "}");
        _events.Add(new AnswerEvent(AnswerEventKind.CallEnd, "", _calls - 1));
        return Go(mark switch { 1 => Place.BetweenCalls, 2 => Place.Name, _ => Place.End });
    }

    private void Finish()
    {
        string rest = CollectionsMarshal.AsSpan(_pending).ToString();
        _pending.Clear();
        switch (_place)
        {
            case Place.Content:
                Emit(rest);
                break;
            case Place.BetweenArguments:
                EndCall(1);
                break;
            case Place.Key or Place.BeforeValue or Place.Value:
                EmitArguments(_keys.Count == 0 ? "{}" : "}");
                break;
            default:
                // Without any call the user sees what the model wrote.
                Emit(_calls == 0 ? _unread + rest : "");
                break;
        }

        _place = Place.End;
    }

    private void Emit(string content)
    {
        if (content.Length > 0)
        {
            _events.Add(AnswerEvent.Content(content));
        }
    }

    private void EmitArguments(string json) => _events.Add(new AnswerEvent(AnswerEventKind.CallArguments, json, _calls - 1));

    private bool Go(Place place)
    {
        _place = place;
        return true;
    }

    // Takes the text up to the first of several marks, and the mark itself. Text that was searched before is not searched again.
    private bool Take(ReadOnlySpan<string> ends, out string text, out int found)
    {
        ReadOnlySpan<char> pending = CollectionsMarshal.AsSpan(_pending);
        (int at, found, int longest) = (-1, -1, 0);
        for (int i = 0; i < ends.Length; i++)
        {
            int offset = pending[_scanned..].IndexOf(ends[i]);
            longest = Math.Max(longest, ends[i].Length);
            if (offset >= 0 && (at < 0 || _scanned + offset < at))
            {
                (at, found) = (_scanned + offset, i);
            }
        }

        if (at < 0)
        {
            text = "";
            _scanned = Math.Max(0, pending.Length - longest + 1);
            return false;
        }

        text = pending[..at].ToString();
        if (_calls == 0 && _place != Place.Content)
        {
            _unread.Append(text).Append(ends[found]);
        }

        _pending.RemoveRange(0, at + ends[found].Length);
        _scanned = 0;
        return true;
    }
}
