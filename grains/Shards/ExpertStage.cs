using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
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

    // Rows of a device travel in one copy. Null if the experts compute in the memory of the host.
    private readonly HostRows? _host;
    private ExpertMessage _message = null!;
    private RowBytes _reply = RowBytes.Empty;
    private int _rows;

    public ExpertStage(ModelParts parts)
    {
        _parts = parts;
        _runner = parts.Device.CreateExpertRunner();
        _run = new DeviceJob(Run);
        _host = parts.Device.Options.Device is null ? null : new HostRows();
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
        (_message, _rows, _reply) = (message, rows, RowBytes.AllocateReply(rows * _runner.Output.RowLength));
        await _run.RunAsync(_parts.Thread);
        message.Rows.ReturnReceived();
        return new ExpertReply(_reply);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _runner.Dispose();
        _host?.Dispose();
    }

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

    // Copies here too: a copy from a device waits for whatever the device computes, which a thread of Orleans must not.
    private void Run()
    {
        if (_message.Sources.Length == 0)
        {
            Rows.Read(_message.Rows, 0, _runner.Input, 0, _rows, _host);
        }
        else
        {
            Rows.Spread(_message.Rows, _message.Sources, _runner.Input, _host);
        }

        _runner.Run(_message.Layer, _message.FirstExpert, _message.Counts, _adapters);
        _parts.Device.Synchronize();
        Rows.Write(_runner.Output, 0, _rows, _reply, 0, _host);
    }
}
