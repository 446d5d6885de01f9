using System.Text;

namespace HunyuanOrleans.Text.Answers;

/// <summary>
/// Separates the reasoning from the text of one answer, incrementally, over any borders between pieces. Text that may become a mark is withheld.
/// Reasoning that never ends is reasoning to its last char. Not thread-safe.
/// </summary>
/// <param name="format">The marks.</param>
/// <param name="start">Where the answer begins.</param>
internal sealed class ReasoningParser(ReasoningFormat format, ReasoningStart start)
{
    private readonly StringBuilder _pending = new();
    private Place _place = start switch
    {
        ReasoningStart.Inside => Place.ReasoningBegin,
        ReasoningStart.Continued => Place.Reasoning,
        ReasoningStart.After => Place.AnswerBegin,
        _ => Place.Begin,
    };

    // Line breaks before an end mark belong to it, so they are withheld.
    private enum Place
    {
        Begin,
        ReasoningBegin,
        Reasoning,
        UnreasonedBegin,
        AnswerBegin,
        AnswerMarked,
        Answer,
        End,
    }

    /// <summary>Whether the reasoning is open after the text so far.</summary>
    public bool InReasoning => _place is Place.ReasoningBegin or Place.Reasoning;

    /// <summary>Processes the next text.</summary>
    /// <param name="text">The next piece; may be empty.</param>
    /// <param name="last">Whether it is the last piece.</param>
    /// <param name="events">Receives reasoning and content.</param>
    public void Append(string text, bool last, List<AnswerEvent> events)
    {
        _pending.Append(text);
        while (Step(last, events))
        {
        }
    }

    // Returns true if the place changed and more of the text can be read.
    private bool Step(bool last, List<AnswerEvent> events)
    {
        string text = _pending.ToString();
        return _place switch
        {
            Place.Begin => ReadBegin(text, last),
            Place.ReasoningBegin => SkipBreaks(text, last, Place.Reasoning),
            Place.Reasoning => ReadUntil(text, last, format.Close, AnswerEventKind.Reasoning, Place.AnswerBegin, events),
            Place.UnreasonedBegin => ReadAnswerMark(text, last, trims: false),
            Place.AnswerBegin => ReadAnswerMark(text, last, format.Trims),
            Place.AnswerMarked => SkipBreaks(text, last, Place.Answer),
            Place.Answer when format.AnswerClose is { } close => ReadUntil(text, last, close, AnswerEventKind.Content, Place.End, events),
            Place.Answer => ReadAll(text, events),
            _ => ReadEnd(text, events),
        };
    }

    private bool ReadBegin(string text, bool last)
    {
        string begin = text.TrimStart();
        if (begin.StartsWith(format.Open, StringComparison.Ordinal))
        {
            return Go(Place.ReasoningBegin, begin[format.Open.Length..]);
        }

        bool undecided = begin.Length == 0 || MarkScanner.IsPartial(begin, format.Open);
        return (!undecided || last) && Go(Place.UnreasonedBegin, text);
    }

    // White space before the mark belongs to the mark. Without a mark it is trimmed only behind reasoning; otherwise it is text.
    private bool ReadAnswerMark(string text, bool last, bool trims)
    {
        string begin = format.Trims ? text.TrimStart() : text;
        if (format.AnswerOpen is { } open)
        {
            if (begin.StartsWith(open, StringComparison.Ordinal))
            {
                return Go(Place.AnswerMarked, begin[open.Length..]);
            }

            if (!last && (begin.Length == 0 || MarkScanner.IsPartial(begin, open)))
            {
                return false;
            }
        }

        return Go(Place.Answer, trims ? begin : text);
    }

    private bool SkipBreaks(string text, bool last, Place next)
    {
        string rest = format.Trims ? text.TrimStart('\r', '\n') : text;
        return (rest.Length > 0 || last) && Go(next, rest);
    }

    private bool ReadUntil(string text, bool last, string mark, AnswerEventKind kind, Place next, List<AnswerEvent> events)
    {
        int at = text.IndexOf(mark, StringComparison.Ordinal);
        if (at >= 0)
        {
            Emit(kind, Trim(text.AsSpan(0, at)), events);
            return Go(next, text[(at + mark.Length)..]);
        }

        ReadOnlySpan<char> ready = last ? text : text.AsSpan(0, text.Length - MarkScanner.PartialLength(text, mark));
        ready = last && kind == AnswerEventKind.Content ? ready : Trim(ready);
        Emit(kind, ready, events);
        Keep(last ? "" : text[ready.Length..]);
        return false;
    }

    private bool ReadAll(string text, List<AnswerEvent> events)
    {
        Emit(AnswerEventKind.Content, text, events);
        Keep("");
        return false;
    }

    // After the end mark, a model may still call tools; the line break before them is not text.
    private bool ReadEnd(string text, List<AnswerEvent> events)
    {
        if (!string.IsNullOrWhiteSpace(text))
        {
            Emit(AnswerEventKind.Content, text, events);
            Keep("");
        }

        return false;
    }

    private ReadOnlySpan<char> Trim(ReadOnlySpan<char> text) => format.Trims ? text.TrimEnd("\r\n") : text;

    private static void Emit(AnswerEventKind kind, ReadOnlySpan<char> text, List<AnswerEvent> events)
    {
        if (!text.IsEmpty)
        {
            events.Add(new AnswerEvent(kind, text.ToString()));
        }
    }

    private bool Go(Place place, string rest)
    {
        _place = place;
        Keep(rest);
        return true;
    }

    private void Keep(string text) => _pending.Clear().Append(text);
}
