using System.Text;

namespace HunyuanOrleans.Text.Tools;

/// <summary>
/// Follows the text of one answer and tells calls of tools from text for the user. The models write
/// <c>&lt;tool_calls&gt;[{"name": "f", "arguments": {…}}, …]&lt;/tool_calls&gt;</c>, and begin other answers with
/// <c>助手：</c> where tools were shown to them. Text that may still become a mark, and white space that may stand before one, is held back.
/// </summary>
/// <param name="most">Most calls to give; what comes after them is left out.</param>
public sealed class ToolCallReader(int most = int.MaxValue)
{
    /// <summary>What stands before the list of calls.</summary>
    public const string Open = "<tool_calls>";

    /// <summary>What stands behind it.</summary>
    public const string Close = "</tool_calls>";

    private const string Speaker = "助手：";

    private readonly StringBuilder _held = new();
    private readonly List<ToolEvent> _events = [];
    private ToolCallScanner? _scanner;
    private bool _shown;

    /// <summary>Calls begun so far.</summary>
    public int Calls { get; private set; }

    /// <summary>Takes text.</summary>
    /// <param name="text">The next piece; may be empty.</param>
    /// <param name="last">Whether it is the last one.</param>
    /// <returns>What it turned out to be. Valid until the next call.</returns>
    public IReadOnlyList<ToolEvent> Append(string text, bool last)
    {
        _events.Clear();
        _held.Append(text);
        while (_scanner is null ? ReadContent(last) : ReadCalls(last))
        {
        }

        _events.RemoveAll(e => e.Kind != ToolEventKind.Content && e.Call >= most);

        return _events;
    }

    /// <summary>True where a mark was found and there is more to read.</summary>
    private bool ReadContent(bool last)
    {
        string held = _held.ToString();
        int open = held.IndexOf(Open, StringComparison.Ordinal);
        if (open >= 0)
        {
            Show(held[..open].TrimEnd(), last: true);
            Hold(held[(open + Open.Length)..]);
            _scanner = new ToolCallScanner(Calls);
            return true;
        }

        int ready = last ? held.Length : held.Length - Undecided(held);
        Show(held[..ready], last);
        Hold(held[ready..]);
        return false;
    }

    /// <summary>True where the calls ended and there is more to read.</summary>
    private bool ReadCalls(bool last)
    {
        string held = _held.ToString();
        int read = _scanner!.Read(held, _events);
        Calls = _scanner.Calls;
        string rest = held[read..];
        bool nothingCalled = _scanner.Failed && _scanner.CallsHere == 0;
        if (nothingCalled || (last && _scanner is { CallsHere: 0, Ended: false }))
        {
            // Not what it looked like: the user sees what the model wrote.
            Show(Open + _scanner.Text + rest, last: true);
            Hold("");
            _scanner = null;
            return false;
        }

        int close = rest.IndexOf(Close, StringComparison.Ordinal);
        if (close < 0)
        {
            // White space, or what follows a broken list, is of no use to anyone; only the mark matters.
            Hold(rest.Length < Close.Length ? rest : rest[^(Close.Length - 1)..]);
            return false;
        }

        Hold(rest[(close + Close.Length)..]);
        _scanner = null;
        return true;
    }

    private void Show(string text, bool last)
    {
        if (!_shown)
        {
            // The speaker's name belongs to the format, not to the answer.
            text = text.StartsWith(Speaker, StringComparison.Ordinal) ? text[Speaker.Length..] : text;
            _shown = text.Length > 0 || last;
        }

        if (text.Length > 0)
        {
            _events.Add(ToolEvent.Content(text));
        }
    }

    private void Hold(string text)
    {
        _held.Clear();
        _held.Append(text);
    }

    /// <summary>How much of the end may still become a mark, or white space before one, or the speaker's name.</summary>
    private int Undecided(string held)
    {
        if (!_shown && held.Length < Speaker.Length && Speaker.StartsWith(held, StringComparison.Ordinal))
        {
            return held.Length;
        }

        int mark = Math.Min(Open.Length - 1, held.Length);
        while (!held.AsSpan(held.Length - mark).SequenceEqual(Open.AsSpan(0, mark)))
        {
            mark--;
        }

        int start = held.Length - mark;
        while (start > 0 && char.IsWhiteSpace(held[start - 1]))
        {
            start--;
        }

        return held.Length - start;
    }
}
