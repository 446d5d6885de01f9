using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Computes the experts of this silo for rows that another silo sent. The caller holds the host's expert lock.</summary>
internal sealed class ExpertStage : IDisposable
{
    private readonly ModelHost.Parts _parts;
    private readonly IExpertRunner _runner;
    private readonly DeviceJob _run;
    private ExpertMessage _message = null!;

    public ExpertStage(ModelHost.Parts parts)
    {
        _parts = parts;
        _runner = parts.Device.CreateExpertRunner();
        _run = new DeviceJob(Run);
    }

    /// <summary>Computes the outputs of the rows.</summary>
    /// <exception cref="ModelException">An expert is not on this silo, or there are more rows than fit.</exception>
    public async ValueTask<ExpertReply> RunAsync(ExpertMessage message)
    {
        _message = message;
        int rows = Rows.Count(message.Counts);
        Rows.Check(message.Rows, rows, _runner.Input);
        Rows.Read(message.Rows, 0, _runner.Input, 0, rows);
        await _run.RunAsync(_parts.Thread);
        byte[] reply = Rows.Allocate(rows, _runner.Output);
        Rows.Write(_runner.Output, 0, rows, reply, 0);
        return new ExpertReply(reply);
    }

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();

    private void Run()
    {
        _runner.Run(_message.Layer, _message.FirstExpert, _message.Counts);
        _parts.Device.Synchronize();
    }
}
