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
