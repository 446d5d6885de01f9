using System.Runtime.InteropServices;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Kv;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Computes a step inside one shard, as jobs of the device's thread. One job covers as many layers as have all their chosen experts on this silo,
/// because a change of threads costs more than a small layer. Between two jobs the thread may compute other steps. A GPU replays the layers of which it
/// holds every expert, whichever are chosen; it need not be waited for then, and its tokens are not counted. Buffers are reused; the caller has taken the
/// stage from the silo's pool.
/// </summary>
internal sealed class Stage : IDisposable
{
    private readonly ModelHost.Parts _parts;
    private readonly IModelDevice _device;
    private readonly IStageRunner _runner;
    private readonly AttentionBatch _batch;
    private readonly StageHead _head;
    private readonly DeviceJob _advance;
    private readonly DeviceJob _feedForward;
    private readonly DeviceJob _finish;
    private readonly bool[] _local;
    private StepMessage _step = null!;
    private StepReply? _reply;
    private int _layer;
    private int _end;
    private bool _begun;
    private bool _routed;
    private Task? _dispatch;

    public Stage(ModelHost.Parts parts)
    {
        _parts = parts;
        _device = parts.Device;
        _runner = _device.CreateStage();
        _batch = new AttentionBatch(_device.Config.Heads, _device.Config.KvHeads);
        _head = parts.Head;
        _local = new bool[_device.Config.Experts];
        _advance = new DeviceJob(Advance);
        _feedForward = new DeviceJob(FeedForward);
        _finish = new DeviceJob(Finish);
    }

    /// <summary>The layer whose rows wait for experts on other silos; -1 if the stage has finished.</summary>
    public int WaitingLayer => _routed ? _layer : -1;

    /// <summary>The rows of the waiting layer, by expert.</summary>
    public IRoutedRows Routed => _runner.Routed;

    /// <summary>Rows to send, in the order of <see cref="Routed"/>.</summary>
    public IRowBuffer ExpertInput => _runner.ExpertInput!;

    /// <summary>Where the outputs of other silos' experts are stored, in the order of <see cref="Routed"/>.</summary>
    public IRowBuffer ExpertOutput => _runner.ExpertOutput!;

    /// <summary>For each expert of the waiting layer, whether this silo holds it.</summary>
    public ReadOnlySpan<bool> Local => _local;

    /// <summary>
    /// Runs the dispatch of the waiting layer once, however often it is called: the shared expert must not be added twice.
    /// </summary>
    /// <exception cref="StaleStepException">The stage is at another step or layer.</exception>
    public Task DispatchOnce(long epoch, long number, int layer, Func<Task> run)
    {
        lock (_advance)
        {
            return !_routed || _layer != layer || _step.Epoch != epoch || _step.Number != number
                ? throw new StaleStepException($"Layer {layer} of step {number} is not waiting on this silo.")
                : _dispatch ??= run();
        }
    }

    /// <summary>Completes when no dispatch uses the buffers any more. It never throws.</summary>
    public async Task SettleAsync()
    {
        Task? dispatch;
        lock (_advance)
        {
            _routed = false;
            (dispatch, _dispatch) = (_dispatch, null);
        }

        if (dispatch is not null)
        {
            await dispatch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Cancelled when the present step is abandoned.</summary>
    public CancellationToken Cancellation { get; private set; }

    /// <summary>Starts a step. The sessions' block tables must stay unchanged until the step has left the stage.</summary>
    /// <param name="step">The step.</param>
    /// <param name="ahead">Takes the rows that were sent ahead of it.</param>
    /// <param name="firstLayer">First layer to compute.</param>
    /// <param name="lastLayer">Last layer to compute.</param>
    /// <param name="sessions">The block tables.</param>
    /// <param name="cancellationToken">Cancelled when the step is abandoned.</param>
    public void Begin(StepMessage step, IncomingRows ahead, int firstLayer, int lastLayer, KvSessions sessions, CancellationToken cancellationToken)
    {
        _step = step;
        Cancellation = cancellationToken;
        (_layer, _end, _begun, _routed, _reply) = (firstLayer, lastLayer + 1, false, false, null);
        sessions.Release(step.Released);
        _batch.Clear();
        int row = 0;
        foreach (SliceMessage slice in step.Slices)
        {
            _batch.Add(new AttentionSlice(row, slice.Count, slice.Start, sessions.Extend(slice)));
            row += slice.Count;
        }

        if (step.Rows is { } rows)
        {
            CopyRowsIn(step, ahead, row, rows);
        }
    }

    /// <summary>Computes until a layer waits for experts on other silos, or to the last layer.</summary>
    public ValueTask AdvanceAsync() => _advance.RunAsync(_parts.Thread);

    /// <summary>Computes the shared expert and the local experts of the waiting layer.</summary>
    public ValueTask FeedForwardAsync() => _feedForward.RunAsync(_parts.Thread);

    /// <summary>Computes the head and samples, after the last layer.</summary>
    public async ValueTask<StepReply> FinishAsync()
    {
        await _finish.RunAsync(_parts.Thread);
        return _reply!;
    }

    /// <summary>Copies the residual stream, float32 [rows, hidden], in pieces of consecutive rows.</summary>
    /// <param name="maxBytes">Most bytes of a piece, at least one row.</param>
    public List<(int FirstRow, byte[] Rows)> CopyRows(int maxBytes)
    {
        IRowBuffer hidden = _runner.HiddenStates;
        int most = maxBytes / hidden.RowLength;
        List<(int, byte[])> pieces = [];
        for (int first = 0; first < _batch.Rows; first += most)
        {
            int count = Math.Min(most, _batch.Rows - first);
            byte[] rows = Rows.Allocate(count, hidden);
            hidden.CopyOut(first, count, rows);
            pieces.Add((first, rows));
        }

        return pieces;
    }

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();

    private void CopyRowsIn(StepMessage step, IncomingRows ahead, int rows, byte[] last)
    {
        IRowBuffer hidden = _runner.HiddenStates;
        foreach (StepRowsMessage piece in ahead.Take(step.Epoch, step.Number, step.RowsAhead, hidden.RowLength))
        {
            hidden.CopyIn(piece.FirstRow, piece.Rows.Length / hidden.RowLength, piece.Rows);
        }

        hidden.CopyIn(step.RowsAhead, rows - step.RowsAhead, last);
    }

    private void Advance()
    {
        AdvanceLayers();
        _device.Synchronize();
    }

    private void FeedForward()
    {
        _runner.FeedForward(_layer, _local);
        _device.Synchronize();
    }

    private void AdvanceLayers()
    {
        if (!_begun)
        {
            _begun = true;
            _parts.Counters.Steps++;
            _runner.Begin(_batch);
            if (_step.Rows is null)
            {
                _runner.Embed(_step.Tokens);
            }
        }

        StageCall first = StageCall.Attend;
        if (_routed)
        {
            lock (_advance)
            {
                (_routed, _dispatch) = (false, null);
            }

            first = StageCall.Combine;
        }

        while (RunToChoice(first))
        {
            if (!ChosenExpertsAreLocal())
            {
                _routed = true;
                return;
            }

            first = StageCall.FeedForward;
        }
    }

    // Runs to the end of the stage, or until somebody must look at the choice of experts in a layer: whether they are all here, or, if the host knows them
    // anyway, to count their tokens. Returns whether there is a choice to look at.
    private bool RunToChoice(StageCall first)
    {
        int begin = _layer;
        _layer = first == StageCall.Attend ? begin : begin + 1;
        while (_layer < _end && !_runner.NeedsChoice(_layer))
        {
            _layer++;
        }

        bool ends = _layer == _end;
        _runner.Run(ends ? new StageSegment(begin, first, _end - 1, StageCall.Combine) : new StageSegment(begin, first, _layer, StageCall.Attend));
        return !ends;
    }

    private bool ChosenExpertsAreLocal()
    {
        for (int e = 0; e < _local.Length; e++)
        {
            _local[e] = _device.Holds(ModelPiece.OfExpert(_layer, e));
        }

        bool all = true;
        ReadOnlySpan<int> counts = _runner.Routed.Counts;
        for (int e = 0; e < counts.Length; e++)
        {
            _parts.Counters.ExpertTokens[(_layer * counts.Length) + e] += counts[e];
            all &= _local[e] || counts[e] == 0;
        }

        return all;
    }

    private void Finish()
    {
        int wanted = 0, sampled = 0;
        for (int i = 0; i < _step.Slices.Length; i++)
        {
            ref readonly AttentionSlice slice = ref _batch.Slices[i];
            sampled += _step.Slices[i].Sampling is null ? 0 : 1;
            for (int row = slice.Count - _step.Slices[i].SampledRows; row < slice.Count; row++)
            {
                _head.Rows[wanted++] = slice.FirstRow + row;
            }
        }

        if (wanted > 0)
        {
            _runner.Logits(_head.Rows, wanted, _head.Logits);
            _device.Synchronize();
        }

        _reply = Sample(sampled, drafted: wanted > sampled) with { Scores = Score() };
    }

    private StepReply Sample(int slices, bool drafted)
    {
        List<TokenMessage> tokens = new(slices);
        List<byte[]>? logits = _step.WantsLogits ? [] : null;
        int[]? counts = drafted ? new int[slices] : null;
        SamplingState[] states = [.. _step.Slices.Select(static slice => slice.Sampling).OfType<SamplingMessage>().Select(static sampling => sampling.ToState())];
        if (slices > 0)
        {
            _head.Logits.Fetch(logits is null ? states.Max(state => _head.Sampler.LargestFor(state, _head.Logits)) : 0);
        }

        int first = 0, next = 0, index = 0;
        foreach (SliceMessage slice in _step.Slices)
        {
            if (slice.Sampling is null)
            {
                continue;
            }

            int before = tokens.Count;
            _head.Sampler.Begin(states[index++], slice.Drafts?.ToDrafts() ?? default);
            for (int row = first; !_head.Sampler.IsDone; row++)
            {
                // Sampling overwrites the row.
                logits?.Add(MemoryMarshal.AsBytes(_head.Logits.Row(row)).ToArray());
                tokens.Add(TokenMessage.Of(_head.Sampler.Sample(_head.Logits, row)));
            }

            first += slice.SampledRows;
            if (counts is not null)
            {
                counts[next++] = tokens.Count - before;
            }
        }

        return new StepReply([.. tokens], logits?.SelectMany(static row => row).ToArray(), null, counts);
    }

    // The head computes as many rows at once as it has room for.
    private TokenMessage[]? Score()
    {
        int wanted = 0;
        foreach (SliceMessage slice in _step.Slices)
        {
            wanted += slice.Scoring?.Targets.Length ?? 0;
        }

        if (wanted == 0)
        {
            return null;
        }

        TokenMessage[] scores = new TokenMessage[wanted];
        int next = 0;
        for (int s = 0; s < _step.Slices.Length; s++)
        {
            int[] targets = _step.Slices[s].Scoring?.Targets ?? [];
            for (int first = 0; first < targets.Length; first += _head.Rows.Length)
            {
                ScoringMessage scoring = _step.Slices[s].Scoring!;
                int count = Math.Min(_head.Rows.Length, targets.Length - first);
                for (int i = 0; i < count; i++)
                {
                    _head.Rows[i] = _batch.Slices[s].FirstRow + scoring.FirstRow + first + i;
                }

                _runner.Logits(_head.Rows, count, _head.Logits);
                _device.Synchronize();
                _head.Logits.CopyRows();
                for (int i = 0; i < count; i++)
                {
                    scores[next++] = TokenMessage.Of(_head.Sampler.Score(_head.Logits.Row(i), targets[first + i], scoring.Alternatives));
                }
            }
        }

        return scores;
    }
}
