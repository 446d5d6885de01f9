using System.Collections.Concurrent;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Sequences that wait to run, by arrival. Any thread may submit; the rest belongs to the scheduler's thread. Only sequences that
/// never ran count against the limit: a pre-empted one is never refused.
/// </summary>
internal sealed class WaitingQueue(int limit)
{
    private readonly ConcurrentQueue<Sequence> _inbox = new();
    private readonly List<Sequence> _waiting = [];
    private int _fresh;
    private long _arrivals;

    /// <summary>Sequences that have never run, those not yet taken in included. Any thread.</summary>
    public int Fresh => Volatile.Read(ref _fresh);

    /// <summary>True where nothing waits and nothing was submitted.</summary>
    public bool IsEmpty => _waiting.Count == 0 && _inbox.IsEmpty;

    /// <summary>The waiting sequences, oldest first.</summary>
    public List<Sequence> Sequences => _waiting;

    /// <summary>Submits the sequences of one request together. Any thread.</summary>
    /// <exception cref="Requests.QueueFullException">They do not all fit.</exception>
    public void Submit(ReadOnlySpan<Sequence> sequences)
    {
        int before = Interlocked.Add(ref _fresh, sequences.Length) - sequences.Length;
        if (before + sequences.Length > limit)
        {
            Interlocked.Add(ref _fresh, -sequences.Length);
            throw new Requests.QueueFullException(before, sequences.Length, limit);
        }

        foreach (Sequence sequence in sequences)
        {
            _inbox.Enqueue(sequence);
        }
    }

    /// <summary>Takes in what was submitted.</summary>
    /// <returns>True where some of it has ended before.</returns>
    public bool TakeIn()
    {
        bool anyEnded = false;
        while (_inbox.TryDequeue(out Sequence? sequence))
        {
            sequence.Arrival = _arrivals++;
            _waiting.Add(sequence);
            anyEnded |= sequence.EndedBefore != Requests.FinishReason.None;
        }

        return anyEnded;
    }

    /// <summary>Puts a pre-empted sequence back where its arrival says.</summary>
    public void PutBack(Sequence sequence)
    {
        int place = 0;
        while (place < _waiting.Count && _waiting[place].Arrival < sequence.Arrival)
        {
            place++;
        }

        _waiting.Insert(place, sequence);
    }

    /// <summary>Takes the sequence at an index of <see cref="Sequences"/> out, to run or because it has ended.</summary>
    public void RemoveAt(int index)
    {
        if (_waiting[index].Started is null)
        {
            Interlocked.Decrement(ref _fresh);
        }

        _waiting.RemoveAt(index);
    }
}
