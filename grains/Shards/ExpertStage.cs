using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Computes the experts of this silo for rows that another silo sent. The caller holds the host's expert lock.</summary>
internal sealed class ExpertStage : IDisposable
{
    private readonly ModelParts _parts;
    private readonly IExpertRunner _runner;
    private readonly DeviceJob _run;
    private readonly AdapterRows _adapters = new();
    private ExpertMessage _message = null!;
    private byte[] _reply = [];
    private int _rows;

    public ExpertStage(ModelParts parts)
    {
        _parts = parts;
        _runner = parts.Device.CreateExpertRunner();
        _run = new DeviceJob(Run);
    }

    /// <summary>Computes the outputs of the rows.</summary>
    /// <param name="message">The rows.</param>
    /// <param name="adapters">Their adapters, in memory until the call ends; null for none.</param>
    /// <exception cref="ModelException">An expert is not on this silo, or there are more rows than fit.</exception>
    public async ValueTask<ExpertReply> RunAsync(ExpertMessage message, StepAdapters? adapters)
    {
        int rows = Rows.Count(message.Counts);
        Rows.Check(message, rows, _runner.Input);
        SetAdapters(message, rows, adapters);
        (_message, _rows, _reply) = (message, rows, Rows.Allocate(rows, _runner.Output));
        await _run.RunAsync(_parts.Thread);
        return new ExpertReply(_reply);
    }

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();

    private void SetAdapters(ExpertMessage message, int rows, StepAdapters? adapters)
    {
        _adapters.Clear();
        if (adapters is null)
        {
            return;
        }

        if (message.AdapterOfRow is not { } numbers || numbers.Length != rows || numbers.AsSpan().ContainsAnyExceptInRange(0, message.Adapters!.Length))
        {
            throw new GrainCallException($"Adapters came for {message.AdapterOfRow?.Length ?? 0} of {rows} rows, or with wrong numbers.");
        }

        foreach (int number in numbers)
        {
            _adapters.Add(adapters[number], 1);
        }
    }

    // A device gets all rows in one copy.
    private void ReadRows()
    {
        IRowBuffer input = _runner.Input;
        if (_message.Sources.Length == 0)
        {
            Rows.Read(_message.Rows, 0, input, 0, _rows);
        }
        else if (_parts.Device.Options.Device is null)
        {
            for (int row = 0; row < _rows; row++)
            {
                Rows.Read(_message.Rows, _message.Sources[row], input, row, 1);
            }
        }
        else
        {
            byte[] rows = Rows.Allocate(_rows, input);
            for (int row = 0; row < _rows; row++)
            {
                _message.Rows.AsSpan(_message.Sources[row] * input.RowLength, input.RowLength).CopyTo(rows.AsSpan(row * input.RowLength));
            }

            Rows.Read(rows, 0, input, 0, _rows);
        }
    }

    // Copies here too: a copy from a device waits for whatever the device computes, which a thread of Orleans must not.
    private void Run()
    {
        ReadRows();
        _runner.Run(_message.Layer, _message.FirstExpert, _message.Counts, _adapters);
        _parts.Device.Synchronize();
        Rows.Write(_runner.Output, 0, _rows, _reply, 0);
    }
}
