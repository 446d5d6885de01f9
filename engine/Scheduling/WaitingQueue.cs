using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Sequences that wait to run, in order of arrival. Any thread may submit; all other members belong to the scheduler's thread. The limit
/// counts only sequences that have never run, so a pre-empted sequence can always return.
/// </summary>
/// <param name="limit">Most sequences that may wait for their first step.</param>
internal sealed class WaitingQueue(int limit)
{
    private readonly ConcurrentQueue<Sequence> _submitted = new();
    private readonly List<Sequence> _waiting = [];
    private int _newCount;
    private long _arrivals;

    /// <summary>Number of sequences that have never run, including those just submitted. Any thread.</summary>
    public int NewCount => Volatile.Read(ref _newCount);

    /// <summary>True if nothing waits and nothing was submitted.</summary>
    public bool IsEmpty => _waiting.Count == 0 && _submitted.IsEmpty;

    /// <summary>The waiting sequences, oldest first.</summary>
    public List<Sequence> Sequences => _waiting;

    /// <summary>Submits all sequences of one request. Any thread.</summary>
    /// <exception cref="QueueFullException">They do not all fit; none was queued.</exception>
    public void Submit(ReadOnlySpan<Sequence> sequences)
    {
        int before = Interlocked.Add(ref _newCount, sequences.Length) - sequences.Length;
        if (before + sequences.Length > limit)
        {
            Interlocked.Add(ref _newCount, -sequences.Length);
            throw new QueueFullException(before, sequences.Length, limit);
        }

        foreach (Sequence sequence in sequences)
        {
            _submitted.Enqueue(sequence);
        }
    }

    /// <summary>Moves submitted sequences to <see cref="Sequences"/>.</summary>
    /// <returns>True if any of them is already finished.</returns>
    public bool ReceiveSubmitted()
    {
        bool anyFinished = false;
        while (_submitted.TryDequeue(out Sequence? sequence))
        {
            sequence.Arrival = _arrivals++;
            _waiting.Add(sequence);
            anyFinished |= sequence.FinishedByResume != FinishReason.None;
        }

        return anyFinished;
    }

    /// <summary>Puts a sequence that has run back at its place in the order of arrival.</summary>
    public void Requeue(Sequence sequence)
    {
        int index = 0;
        while (index < _waiting.Count && _waiting[index].Arrival < sequence.Arrival)
        {
            index++;
        }

        _waiting.Insert(index, sequence);
    }

    /// <summary>Removes the sequence at an index of <see cref="Sequences"/>, because it starts or has finished.</summary>
    public void RemoveAt(int index)
    {
        if (_waiting[index].StartedAt is null)
        {
            Interlocked.Decrement(ref _newCount);
        }

        _waiting.RemoveAt(index);
    }
}
