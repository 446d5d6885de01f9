using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Sequences that wait to run, in order of priority and arrival. Any thread may submit; all other members belong to the scheduler's thread. The limit
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

    /// <summary>True if something was submitted that <see cref="ReceiveSubmitted"/> has not moved. Any thread.</summary>
    public bool HasSubmitted => !_submitted.IsEmpty;

    /// <summary>The waiting sequences, in the order in which they start.</summary>
    public List<Sequence> Sequences => _waiting;

    /// <summary>Counts sequences as waiting before they are submitted. Any thread.</summary>
    /// <exception cref="QueueFullException">They do not all fit; none is counted.</exception>
    public void Reserve(int sequences)
    {
        int before = Interlocked.Add(ref _newCount, sequences) - sequences;
        if (before + sequences > limit)
        {
            Interlocked.Add(ref _newCount, -sequences);
            throw new QueueFullException(before, sequences, limit);
        }
    }

    /// <summary>Takes back what was reserved for sequences that are not submitted. Any thread.</summary>
    public void Release(int sequences) => Interlocked.Add(ref _newCount, -sequences);

    /// <summary>Submits all sequences of one request, for which there is room. Any thread.</summary>
    public void Submit(ReadOnlySpan<Sequence> sequences)
    {
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
            Requeue(sequence);
            anyFinished |= sequence.FinishedByResume != FinishReason.None;
        }

        return anyFinished;
    }

    /// <summary>Puts a sequence at its place in the order of priority and arrival.</summary>
    public void Requeue(Sequence sequence)
    {
        // A new sequence usually belongs to the end.
        int index = _waiting.Count;
        while (index > 0 && StartsAfter(_waiting[index - 1], sequence))
        {
            index--;
        }

        _waiting.Insert(index, sequence);
    }

    private static bool StartsAfter(Sequence one, Sequence other) =>
        one.Options.Request.Priority == other.Options.Request.Priority
            ? one.Arrival > other.Arrival
            : one.Options.Request.Priority > other.Options.Request.Priority;

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
