using HunyuanOrleans.Client;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Silo.Clustering;
using HunyuanOrleans.Silo.Settings;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Http;

/// <summary>
/// Serves the cluster's model through the HTTP API of this process while the silo is active and has the model that the other silos have: its tokenizer,
/// template and defaults must be theirs. It does not know where the model computes.
/// </summary>
internal sealed partial class ClusterModelService(
    IServiceProvider services,
    HunyuanSiloOptions options,
    ModelHosts hosts,
    SiloState silo,
    ModelAgreement agreement,
    ModelSlot slot,
    IOptions<SiloSettings> settings,
    TimeProvider time,
    ILogger<ClusterModelService> logger)
    : BackgroundService
{
    private static readonly TimeSpan
        PollInterval = TimeSpan.FromMilliseconds(100), RetryDelay = TimeSpan.FromSeconds(1), ResponseTimeout = TimeSpan.FromSeconds(5),
        // A gateway that can answer asks less often: if it cannot any more, requests wait for a while anyway.
        ReadyPollInterval = TimeSpan.FromSeconds(2), LoadingPollInterval = TimeSpan.FromMilliseconds(250);

    private HunyuanClient? _client;
    private ClusterGenerator? _generator;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        slot.Clear();
        if (_generator is not null)
        {
            await _generator.DisposeAsync();
        }

        if (_client is not null)
        {
            await _client.DisposeAsync();
        }
    }

    /// <summary>The options of the client that requests over HTTP use.</summary>
    internal static HunyuanClientOptions ClientOptions(ModelSettings model, SiloSettings settings) =>
        new() { Model = model.Name, Deadline = TimeSpan.FromSeconds(settings.RequestDeadlineSeconds) };

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Models is not [{ } model])
        {
            slot.Fail("This silo was started without a model.");
            return;
        }

        slot.Readiness = new ModelReadiness("The silo is joining the cluster.");
        try
        {
            while (!silo.Active)
            {
                await Task.Delay(PollInterval, time, stoppingToken);
            }

            await WatchAsync(model, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A host whose start has failed would report this as a crash of its own.
        }
    }

    private async Task WatchAsync(ModelSettings model, CancellationToken cancellationToken)
    {
        GatewayReadiness readiness = new(time);
        while (true)
        {
            bool wasReady = slot.IsReady;
            if (agreement.FindProblem(model.Name) is { } problem)
            {
                slot.Readiness = new ModelReadiness(problem) { IsInternal = true };
                slot.Clear();
            }
            else if (slot.Model is not null || await TryConnectAsync(model, cancellationToken))
            {
                slot.Readiness = readiness.Update(WithAdapters(await TryDescribeAsync(model.Name, cancellationToken)));
            }

            if (slot.IsReady && !wasReady)
            {
                Serving(logger, model.Name);
            }
            else if (wasReady && slot.Readiness?.Message is { } reason)
            {
                NotServing(logger, model.Name, reason);
            }

            await Task.Delay(slot.IsReady ? ReadyPollInterval : LoadingPollInterval, time, cancellationToken);
        }
    }

    private async Task<bool> TryConnectAsync(ModelSettings model, CancellationToken cancellationToken)
    {
        try
        {
            slot.Set(await ConnectAsync(model, cancellationToken));
            return true;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            // Another silo may be at fault, and its exceptions arrive here. The next attempt may succeed.
            NotYet(logger, model.Name, fault.Message);
            await Task.Delay(RetryDelay, time, cancellationToken);
            return false;
        }
    }

    private async Task<ModelCard?> TryDescribeAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            return await _client!.Cluster.GetGrain<IModelGrain>(model).DescribeAsync().WaitAsync(ResponseTimeout, time, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, the next call may succeed, and the gateway is not ready until then.
            return null;
        }
    }

    // Until this silo has been told of all adapters, it would say of some that they do not exist.
    private ModelCard? WithAdapters(ModelCard? card) => card is { Problem: null } && hosts.Get(card.Name).AdapterVersion < card.AdapterVersion
        ? card with { Problem = "This silo does not know all adapters of the cluster yet." }
        : card;

    private async Task<ServedModel> ConnectAsync(ModelSettings model, CancellationToken cancellationToken)
    {
        _client ??= new HunyuanClient(services.GetRequiredService<IClusterClient>(), ClientOptions(model, settings.Value), time);
        _generator ??= await ClusterGenerator.CreateAsync(_client, model.Name, time, cancellationToken);
        Tokenizer? tokenizer = Tokenizer.Exists(model.Directory) ? Tokenizer.Load(model.Directory) : null;
        return new ServedModel(
            model.Name,
            _generator,
            tokenizer,
            tokenizer is null ? null : ChatTemplate.Load(model.Directory),
            GenerationDefaults.Load(model.Directory),
            time.GetUtcNow().ToUnixTimeSeconds())
        {
            BeginId = ModelConfig.Load(model.Directory).BosTokenId,
            Adapters = new ClusterAdapterCatalog(hosts.Get(model.Name), services.GetRequiredService<IGrainFactory>()),
        };
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Model} of the cluster is served over HTTP here.")]
    private static partial void Serving(ILogger logger, string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} of the cluster cannot be served here any more: {Reason}")]
    private static partial void NotServing(ILogger logger, string model, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} of the cluster cannot be served yet: {Reason}")]
    private static partial void NotYet(ILogger logger, string model, string reason);
}
