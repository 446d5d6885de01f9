using System.Text;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Counts the tokens of one answer's reasoning, and ends it when its limit is reached. The state depends only on the answer's token ids, so
/// replaying the ids gives an equal state. Not thread-safe.
/// </summary>
/// <param name="limit">The limit.</param>
/// <param name="text">The bytes of tokens.</param>
internal sealed class ReasoningCounter(ReasoningLimit limit, ITokenText text)
{
    private readonly byte[] _open = limit.Open is null ? [] : Encoding.UTF8.GetBytes(limit.Open);
    private readonly StopStringMatcher _close = new(new StopStringSet([limit.Close]));
    private int _opened, _tokens, _forced;
    private State _state = limit.Open is null ? State.Open : State.Begin;

    private enum State
    {
        Begin,
        Open,
        Closed,
    }

    /// <summary>The token that must come next; null if any may.</summary>
    public int? Required => (_forced > 0 || (_state == State.Open && _tokens >= limit.MaxTokens)) && _forced < limit.CloseIds.Count
        ? limit.CloseIds[_forced]
        : null;

    /// <summary>Creates a counter with the same limit for another answer, or for the same from its beginning.</summary>
    public ReasoningCounter CreateNew() => new(limit, text);

    /// <summary>Makes this counter equal to another one with the same limit.</summary>
    public void CopyFrom(ReasoningCounter other)
    {
        _close.CopyFrom(other._close);
        (_opened, _tokens, _forced, _state) = (other._opened, other._tokens, other._forced, other._state);
    }

    /// <summary>Appends a token to the answer.</summary>
    public void Advance(int token)
    {
        if (Required is int required)
        {
            // Another token comes only where a scheduler of an earlier version did not know the limit.
            _forced = token == required ? _forced + 1 : 0;
        }

        ReadOnlySpan<byte> bytes = text.TokenBytes(token);
        switch (_state)
        {
            case State.Begin:
                ReadBegin(bytes);
                break;
            case State.Open:
                _tokens++;
                ReadReasoning(bytes);
                break;
            default:
                break;
        }
    }

    // White space may precede the mark.
    private void ReadBegin(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (_opened == 0 && bytes[i] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
            {
                continue;
            }

            if (bytes[i] != _open[_opened])
            {
                _state = State.Closed;
                return;
            }

            if (++_opened == _open.Length)
            {
                _state = State.Open;
                ReadReasoning(bytes[(i + 1)..]);
                return;
            }
        }
    }

    private void ReadReasoning(ReadOnlySpan<byte> bytes)
    {
        _close.Process(bytes);
        if (_close.Found is not null)
        {
            _state = State.Closed;
        }
    }
}
