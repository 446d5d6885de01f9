using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Kv;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Computes a step inside one shard, as jobs of the device's thread. One job covers as many layers as have all their chosen experts on this silo,
/// because a change of threads costs more than a small layer. Between two jobs the thread may compute other steps. A GPU replays the layers of which it
/// holds every expert, whichever are chosen; it need not be waited for then, and its tokens are not counted. Buffers are reused; the caller has taken the
/// stage from the silo's pool. Rows are copied to and from the device in its jobs too: elsewhere a copy would wait for the jobs of other steps.
/// </summary>
internal sealed class Stage : IExpertRowSource, IDisposable
{
    private readonly ModelParts _parts;
    private readonly IModelDevice _device;
    private readonly IStageRunner _runner;
    private readonly AttentionBatch _batch;
    private readonly AdapterRows _adapterRows = new();
    private readonly StageHead _head;
    private readonly DeviceJob _advance;
    private readonly DeviceJob _feedForward;
    private readonly DeviceJob _finish;
    private readonly bool[] _local;

    // Rows of a device travel in one copy; those for experts stay here while messages are made of them. Null if the stage computes in the memory of the host.
    private readonly HostRows? _host;
    private readonly HostRows? _expertRows;
    private StepMessage _step = null!;
    private StepReply? _reply;
    private StepAdapters? _adapters;
    private int[] _adapterOfToken = [];
    private IReadOnlyList<StepRowsMessage> _ahead = [];
    private (int FirstRow, RowBytes Rows)[]? _outgoing;
    private int _messageBytes;
    private int _layer;
    private int _end;
    private bool _begun;
    private bool _routed;
    private Task? _dispatch;

    public Stage(ModelParts parts)
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
        _host = _device.Options.Device is null ? null : new HostRows();
        _expertRows = _host is null ? null : new HostRows();
    }

    /// <summary>The layer whose rows wait for experts on other silos; -1 if the stage has finished.</summary>
    public int WaitingLayer => _routed ? _layer : -1;

    /// <summary>The rows of the waiting layer, by expert.</summary>
    public IRoutedRows Routed => _runner.Routed;

    /// <inheritdoc/>
    public ReadOnlySpan<int> RowTokens => _runner.Routed.TopK > 1 ? _runner.Routed.TokensOfRows : [];

    /// <inheritdoc/>
    public int Tokens => _runner.Routed.Tokens;

    /// <inheritdoc/>
    public int ExpertRowLength => _runner.ExpertInput!.RowLength;

    /// <summary>The residual stream, float32 [rows, hidden], in pieces of consecutive rows, for the next shard. Valid once the last layer is computed.</summary>
    public (int FirstRow, RowBytes Rows)[] Outgoing => _outgoing ?? throw new InvalidOperationException("The step goes to no other shard.");

    /// <inheritdoc/>
    public AdapterMessage[]? Adapters => _adapters?.ChangeExperts(_layer) == true ? _step.Adapters : null;

    /// <inheritdoc/>
    public int AdapterOf(int row) => _adapterOfToken[_runner.Routed.TokensOfRows[row]];

    /// <summary>For each expert of the waiting layer, whether this silo holds it.</summary>
    public ReadOnlySpan<bool> Local => _local;

    /// <summary>The rows of the waiting layer that other silos compute. Their outputs are added when the stage advances.</summary>
    public List<ExpertDispatch> Dispatches { get; } = [];

    /// <summary>
    /// Runs the dispatch of the waiting layer once, however often it is called: the shared expert must not be added twice.
    /// </summary>
    /// <exception cref="StaleStepException">The stage is at another step or layer.</exception>
    public Task DispatchOnce<T>(long epoch, long number, int layer, Func<Stage, T, Task> run, T state)
    {
        lock (_advance)
        {
            return !_routed || _layer != layer || _step.Epoch != epoch || _step.Number != number
                ? throw new StaleStepException($"Layer {layer} of step {number} is not waiting on this silo.")
                : _dispatch ??= run(this, state);
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

        Dispatches.Clear();
    }

    /// <summary>Cancelled when the present step is abandoned.</summary>
    public CancellationToken Cancellation { get; private set; }

    /// <summary>Starts a step. The sessions' block tables must stay unchanged until the step has left the stage.</summary>
    /// <param name="step">The step.</param>
    /// <param name="ahead">Takes the rows that were sent ahead of it.</param>
    /// <param name="firstLayer">First layer to compute.</param>
    /// <param name="lastLayer">Last layer to compute.</param>
    /// <param name="sessions">The block tables.</param>
    /// <param name="messageBytes">Most bytes of a piece of <see cref="Outgoing"/>, at least one row.</param>
    /// <param name="adapters">The adapters of the step, in memory until it has left the stage; null for none.</param>
    /// <param name="cancellationToken">Cancelled when the step is abandoned.</param>
    /// <exception cref="NotLoadedException">An adapter is not in memory for one of the layers.</exception>
    public void Begin(
        StepMessage step,
        IncomingRows ahead,
        int firstLayer,
        int lastLayer,
        KvSessions sessions,
        int messageBytes,
        StepAdapters? adapters,
        CancellationToken cancellationToken)
    {
        _adapters = adapters;
        (_step, _messageBytes, _outgoing) = (step, messageBytes, null);
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

        SetAdapters(firstLayer, lastLayer);

        _ahead = step.Rows is null ? [] : ahead.Take(step.Epoch, step.Number, step.RowsAhead, _runner.HiddenStates.RowLength);
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

    /// <inheritdoc/>
    public void CopyExpertRows(int row, int rows, RowBytes target, int to)
    {
        if (_expertRows is null)
        {
            Rows.Write(_runner.ExpertInput!, row, rows, target, to, host: null);
        }
        else
        {
            int length = ExpertRowLength;
            target.Write(to * length, _expertRows.Of(_runner.Routed.Rows * length).Slice(row * length, rows * length));
        }
    }

    /// <summary>Checks the outputs of other silos' experts, which are all here.</summary>
    /// <exception cref="GrainCallException">A reply has not as many rows as were sent.</exception>
    public void CheckReplies()
    {
        foreach (ExpertDispatch dispatch in Dispatches)
        {
            Rows.Check(dispatch.Reply!.Rows, dispatch.RowCount, _runner.ExpertOutput!);
        }
    }

    private (int FirstRow, RowBytes Rows)[] CopyRowsOut()
    {
        IRowBuffer hidden = _runner.HiddenStates;
        int most = _messageBytes / hidden.RowLength;
        (int FirstRow, RowBytes Rows)[] pieces = new (int, RowBytes)[Math.Max(1, (_batch.Rows + most - 1) / most)];
        for (int i = 0; i < pieces.Length; i++)
        {
            int first = i * most, count = Math.Min(most, _batch.Rows - first);
            RowBytes rows = RowBytes.Allocate(count * hidden.RowLength);
            Rows.Write(hidden, first, count, rows, 0, _host);
            pieces[i] = (first, rows);
        }

        return pieces;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _runner.Dispose();
        _host?.Dispose();
        _expertRows?.Dispose();
    }

    private void CopyRowsIn(RowBytes last)
    {
        IRowBuffer hidden = _runner.HiddenStates;
        foreach (StepRowsMessage piece in _ahead)
        {
            Rows.Read(piece.Rows, 0, hidden, piece.FirstRow, piece.Rows.Length / hidden.RowLength, _host);
            piece.Rows.ReturnReceived();
        }

        int rows = _batch.Rows - _step.RowsAhead;
        Rows.Check(last, rows, hidden);
        Rows.Read(last, 0, hidden, _step.RowsAhead, rows, _host);
        last.ReturnReceived();
        _ahead = [];
    }

    private void SetAdapters(int firstLayer, int lastLayer)
    {
        _adapterRows.Clear();
        if (_adapters is null)
        {
            return;
        }

        for (int layer = firstLayer; layer <= lastLayer; layer++)
        {
            if (!_adapters.Cover(layer))
            {
                throw new NotLoadedException($"An adapter is not loaded for layer {layer} on this silo.");
            }
        }

        if (_adapterOfToken.Length < _batch.Rows)
        {
            _adapterOfToken = new int[_device.Options.MaxBatchTokens];
        }

        int row = 0;
        foreach (SliceMessage slice in _step.Slices)
        {
            _adapterRows.Add(_adapters[slice.Adapter], slice.Count);
            _adapterOfToken.AsSpan(row, slice.Count).Fill(slice.Adapter);
            row += slice.Count;
        }
    }

    private void Advance()
    {
        AdvanceLayers();
        _device.Synchronize();
        if (!_routed)
        {
            _outgoing = _step.Stage < _step.Stages.Length - 1 ? CopyRowsOut() : null;
        }
        else if (_runner.Routed.TopK > 1)
        {
            // Here, in the device's job, because a GPU has to copy them to the host; they are kept there.
            _ = _runner.Routed.TokensOfRows;
        }

        if (_routed && _expertRows is not null)
        {
            _runner.ExpertInput!.CopyOut(0, _runner.Routed.Rows, _expertRows.Of(_runner.Routed.Rows * ExpertRowLength));
        }
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
            _runner.Begin(_batch, _adapters is null ? null : _adapterRows);
            if (_step.Rows is { } rows)
            {
                CopyRowsIn(rows);
            }
            else
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

            foreach (ExpertDispatch dispatch in Dispatches)
            {
                dispatch.Store(_runner.ExpertOutput!, _host);
                dispatch.Reply!.Rows.ReturnReceived();
            }

            Dispatches.Clear();
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
            // An expert that was loaded during the step may lack the step's adapters. The route of the step has it elsewhere.
            _local[e] = _device.Holds(ModelPiece.OfExpert(_layer, e)) && _adapters?.Cover(_layer, e) != false;
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

    private void Finish() => _reply = _head.Finish(_step, _batch, _runner);
}
