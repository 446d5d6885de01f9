namespace HunyuanOrleans.Text.Answers;

/// <summary>Divides the text of one answer into reasoning, text for the user and tool calls, incrementally. Not thread-safe.</summary>
/// <param name="reasoning">How the model marks its reasoning; null if it does not reason.</param>
/// <param name="start">Where the answer begins.</param>
/// <param name="calls">Reads tool calls; null if the answer contains none.</param>
public sealed class AnswerParser(ReasoningFormat? reasoning, ReasoningStart start, IToolCallParser? calls)
{
    private readonly ReasoningParser? _reasoning = reasoning is null ? null : new ReasoningParser(reasoning, start);
    private readonly List<AnswerEvent> _parts = [], _events = [];

    /// <summary>The number of complete calls so far.</summary>
    public int CompleteCalls => calls?.CompleteCalls ?? 0;

    /// <summary>Whether the reasoning has begun and not ended.</summary>
    public bool InReasoning => _reasoning is { InReasoning: true };

    /// <summary>Processes the next text of the answer.</summary>
    /// <param name="text">The next piece of text; may be empty.</param>
    /// <param name="last">Whether it is the last piece.</param>
    /// <returns>The events of this text. The list is reused by the next call.</returns>
    public IReadOnlyList<AnswerEvent> Append(string text, bool last)
    {
        _events.Clear();
        if (_reasoning is null)
        {
            Read(text, last);
            return _events;
        }

        _parts.Clear();
        _reasoning.Append(text, last, _parts);
        foreach (AnswerEvent part in _parts)
        {
            if (part.Kind == AnswerEventKind.Reasoning)
            {
                _events.Add(part);
            }
            else
            {
                Read(part.Text, last: false);
            }
        }

        if (last)
        {
            Read("", last: true);
        }

        return _events;
    }

    private void Read(string text, bool last)
    {
        if (calls is not null)
        {
            _events.AddRange(calls.Append(text, last));
        }
        else if (text.Length > 0)
        {
            _events.Add(AnswerEvent.Content(text));
        }
    }
}
