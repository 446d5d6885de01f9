using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// Loads a model into this process while the server already answers health checks, and disposes it when the server stops. If loading fails,
/// the host stops.
/// </summary>
internal sealed partial class LocalModelService(
    LocalModelOptions options, ModelSlot slot, LocalClusterOverview overview, ModelWarmUp warmUp, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<InferenceEngine> logger)
    : BackgroundService
{
    private IGenerator? _generator;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        slot.Clear();
        // StopAsync may run more than once, also concurrently.
        if (Interlocked.Exchange(ref _generator, null) is IGenerator generator)
        {
            await generator.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => LoadAsync(stoppingToken), stoppingToken);

    [LoggerMessage(10, LogLevel.Information, "Serving {Name} from {Folder}: loaded in {Seconds:0.0} s")]
    private static partial void Loaded(ILogger logger, string name, string folder, double seconds);

    [LoggerMessage(11, LogLevel.Critical, "The model in {Folder} cannot be served: {Reason}")]
    private static partial void CannotLoad(ILogger logger, Exception? fault, string folder, string reason);

    private async Task LoadAsync(CancellationToken stopping)
    {
        long started = time.GetTimestamp();
        try
        {
            ServedModel model = await OpenAsync(stopping);
            slot.Set(model);
            Loaded(logger, model.Name, options.Folder, time.GetElapsedTime(started).TotalSeconds);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            bool expected = UserErrors.IsForUsers(e) || e is IOException or UnauthorizedAccessException or NotSupportedException or OutOfMemoryException;
            slot.Fail(e.Message);
            CannotLoad(logger, expected ? null : e, options.Folder, e.Message);
            // A host that is stopped during its start reports an error, so wait until it has started.
            lifetime.ApplicationStarted.Register(lifetime.StopApplication);
        }
    }

    private async Task<ServedModel> OpenAsync(CancellationToken stopping)
    {
        // The tokenizer and template load fast. Loading them first reports errors in them before the slow load of the weights.
        Tokenizer? tokenizer = Tokenizer.Exists(options.Folder) ? Tokenizer.Load(options.Folder) : null;
        ChatTemplate? template = tokenizer is null ? null : ChatTemplate.Load(options.Folder);
        GenerationDefaults defaults = GenerationDefaults.Load(options.Folder);
        options.CheckAdapters();
        ModelRunner model = options.Loader(options.Folder, options.Loading, new LoadingReport(slot, time), stopping);
        LocalExecutor executor = new(model);
        try
        {
            // The engine that answers requests starts afterwards: its statistics and its cache begin empty.
            slot.Readiness = new ModelReadiness("The weights are loaded, and the model is warming up.");
            await using LocalGenerator temporary = Start(executor, tokenizer);
            await warmUp.RunAsync(CreateServed(temporary), stopping);
        }
        catch
        {
            await executor.DisposeAsync();
            throw;
        }

        overview.SetModel(model);
        AdapterStore? adapters = model.CanAdapt ? new AdapterStore(model, options.AdapterBytes, time) : null;
        try
        {
            foreach ((string name, string folder) in options.Adapters)
            {
                // Devices that cannot compute adapters say so here.
                model.CheckAdapter(folder);
                adapters!.Add(name, folder);
            }
        }
        catch
        {
            await executor.DisposeAsync();
            throw;
        }

        _generator = Start(executor, tokenizer, executor, adapters);
        ServedModel served = CreateServed(_generator, adapters);
        slot.Readiness = null;
        return served;

        ServedModel CreateServed(IGenerator generator, AdapterStore? store = null) =>
            new(options.Name, generator, tokenizer, template, defaults, time.GetUtcNow().ToUnixTimeSeconds())
            {
                BeginId = model.Config.BosTokenId,
                Adapters = store is null ? null : new LocalAdapterCatalog(store),
            };

        LocalGenerator Start(LocalExecutor steps, Tokenizer? text, IAsyncDisposable? owned = null, AdapterStore? store = null) => new(
            InferenceEngine.Start(
                steps,
                new EngineOptions { EosIds = model.Config.EosTokenIds, Scheduler = options.Scheduler },
                text is null ? null : new TokenizerText(text),
                time,
                logger),
            options.Name,
            owned,
            store);
    }
}
