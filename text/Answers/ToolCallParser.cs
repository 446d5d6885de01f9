using System.Text;

namespace HunyuanOrleans.Text.Answers;

/// <summary>
/// Separates tool calls from user-visible text in the text of one answer, incrementally. The models write calls as
/// <c>&lt;tool_calls&gt;[{"name": "f", "arguments": {…}}, …]&lt;/tool_calls&gt;</c>, and begin other answers with
/// <c>助手：</c> if the prompt contains tools. Text that may become a marker, and white space that may precede one, is withheld.
/// Not thread-safe.
/// </summary>
/// <param name="maxCalls">The maximum number of calls to report. Further calls are ignored.</param>
/// <param name="callsOnly">Whether the answer must consist of calls. Then other text, such as a list that breaks off, is not content.</param>
public sealed class ToolCallParser(int maxCalls = int.MaxValue, bool callsOnly = false) : IToolCallParser
{
    /// <summary>The marker before the list of calls.</summary>
    public const string Open = "<tool_calls>";

    /// <summary>The marker after the list of calls.</summary>
    public const string Close = "</tool_calls>";

    private const string AnswerPrefix = "助手：";

    private readonly StringBuilder _pending = new();
    private readonly List<AnswerEvent> _events = [];
    private ToolCallListParser? _listParser;
    private bool _contentBegun;

    /// <summary>The number of calls begun so far.</summary>
    public int Calls { get; private set; }

    /// <summary>The number of calls that are complete, and reported.</summary>
    public int CompleteCalls { get; private set; }

    /// <summary>Processes the next text of the answer.</summary>
    /// <param name="text">The next piece of text; may be empty.</param>
    /// <param name="last">Whether it is the last piece.</param>
    /// <returns>The events of this text. The list is reused by the next call.</returns>
    public IReadOnlyList<AnswerEvent> Append(string text, bool last)
    {
        _events.Clear();
        _pending.Append(text);
        while (_listParser is null ? ReadContent(last) : ReadCalls(last))
        {
        }

        _events.RemoveAll(IsIgnored);
        CompleteCalls += _events.Count(static e => e.Kind == AnswerEventKind.CallEnd);
        return _events;
    }

    private bool IsIgnored(AnswerEvent part) => part.Kind == AnswerEventKind.Content ? callsOnly : part.Call >= maxCalls;

    /// <summary>Reads content; true if a marker was found and there may be more to read.</summary>
    private bool ReadContent(bool last)
    {
        string pending = _pending.ToString();
        int open = pending.IndexOf(Open, StringComparison.Ordinal);
        if (open >= 0)
        {
            EmitContent(pending[..open].TrimEnd(), last: true);
            SetPending(pending[(open + Open.Length)..]);
            _listParser = new ToolCallListParser(Calls);
            return true;
        }

        int ready = last ? pending.Length : pending.Length - WithheldLength(pending);
        EmitContent(pending[..ready], last);
        SetPending(pending[ready..]);
        return false;
    }

    /// <summary>Reads calls; true if they ended and there may be more to read.</summary>
    private bool ReadCalls(bool last)
    {
        string pending = _pending.ToString();
        int read = _listParser!.Read(pending, _events);
        Calls = _listParser.Calls;
        string rest = pending[read..];
        bool noCalls = _listParser.Failed && _listParser.CallsHere == 0;
        if (noCalls || (last && _listParser is { CallsHere: 0, Ended: false }))
        {
            // The text is not a list of calls: the user sees what the model wrote.
            EmitContent(Open + _listParser.Text + rest, last: true);
            SetPending("");
            _listParser = null;
            return false;
        }

        int close = rest.IndexOf(Close, StringComparison.Ordinal);
        if (close < 0)
        {
            // Text between the list and the closing marker is dropped. Only the beginning of a marker is kept.
            SetPending(rest.Length < Close.Length ? rest : rest[^(Close.Length - 1)..]);
            return false;
        }

        SetPending(rest[(close + Close.Length)..]);
        _listParser = null;
        return true;
    }

    private void EmitContent(string text, bool last)
    {
        if (!_contentBegun)
        {
            // The prefix belongs to the format, not to the answer.
            text = text.StartsWith(AnswerPrefix, StringComparison.Ordinal) ? text[AnswerPrefix.Length..] : text;
            _contentBegun = text.Length > 0 || last;
        }

        if (text.Length > 0)
        {
            _events.Add(AnswerEvent.Content(text));
        }
    }

    private void SetPending(string text)
    {
        _pending.Clear();
        _pending.Append(text);
    }

    /// <summary>The number of trailing chars that may become a marker, white space before a marker, or the prefix.</summary>
    private int WithheldLength(string pending)
    {
        if (!_contentBegun && MarkScanner.IsPartial(pending, AnswerPrefix))
        {
            return pending.Length;
        }

        int start = pending.Length - MarkScanner.PartialLength(pending, Open);
        while (start > 0 && char.IsWhiteSpace(pending[start - 1]))
        {
            start--;
        }

        return pending.Length - start;
    }
}
