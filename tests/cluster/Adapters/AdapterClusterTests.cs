using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Adapters;

/// <summary>Adapters on a cluster: who serves them, and what other requests notice of them.</summary>
public sealed class AdapterClusterTests
{
    private static async Task<AdapterReply> LoadAsync(IModelGrain grain, string name, string folder)
    {
        AdapterReply? reply;
        while ((reply = await grain.LoadAdapterAsync(name, folder)) is null)
        {
        }

        return reply;
    }

    private static readonly TestModel Model = new("tiny-top8-nocla");

    [Fact]
    public async Task Requests_for_the_bare_model_get_the_bits_of_a_cluster_without_adapters()
    {
        using TestAdapters adapters = new(Model, 2);
        GenerationRequest[] requests =
            [.. TestRequests.Create(6, Model.VocabularySize).Select(static request => request with { Sampling = request.Sampling with { LogProbabilities = 4 } })];
        string[] alone;
        await using (HunyuanCluster plain = await HunyuanCluster.StartAsync(3, Model))
        {
            alone = await Task.WhenAll(requests.Select(request => SamplesAsync(plain.Model, request)));
        }

        await using HunyuanCluster cluster = await StartAsync(3, adapters);
        string[] together = await Task.WhenAll(
            requests.SelectMany(request => new[] { request, request with { Adapter = "a0" }, request with { Adapter = "a1" } }).Select(request => SamplesAsync(cluster.Model, request)));
        Assert.Equal(alone, together.Where(static (_, i) => i % 3 == 0));
        Assert.Equal(requests.Length * 3, together.Distinct().Count());
    }

    [Fact]
    public async Task An_adapter_that_is_added_later_is_served_by_all_silos_and_by_one_that_joins()
    {
        using TestAdapters adapters = new(Model, 0);
        string folder = adapters.Write("late", 5);
        GenerationRequest request = TestRequests.Create(1, Model.VocabularySize)[0] with { Adapter = "late" };
        int[][] expected = (await LocalReference.RunAsync(Model, [request], new Dictionary<string, string> { ["late"] = folder }))[0];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            2, Model, static (_, options) => options with { AdapterBytes = TestAdapters.Budget }, new ClusterSetup { FailsFast = true });
        IModelGrain grain = cluster.Silos.SiloClient.GetGrain<IModelGrain>(Model.Name);
        Assert.Contains("does not exist", (await RefusedAsync(cluster.Model, request)).Message, StringComparison.Ordinal);
        Assert.Contains("there is no such folder", (await LoadAsync(grain, "late", folder + "x")).Problem, StringComparison.Ordinal);
        Assert.Contains("like the model", (await LoadAsync(grain, Model.Name, folder)).Problem, StringComparison.Ordinal);
        Assert.Contains("not printable", (await LoadAsync(grain, "a\nb", folder)).Problem, StringComparison.Ordinal);
        AdapterReply added = await LoadAsync(grain, "late", folder);
        Assert.Null(added.Problem);
        Assert.True(added.Bytes > 0);
        Assert.Contains("already an adapter named 'late'", (await LoadAsync(grain, "late", folder)).Problem, StringComparison.Ordinal);
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
        Assert.All(cluster.Silos.Silos, silo => Assert.Equal("late", Assert.Single(HostOf(cluster, silo).NamedAdapters).Name));

        // Neither of the silos that were there when the adapter was added is left.
        await cluster.AddAsync();
        await cluster.Model.UntilAsync(report => report.Stages.Concat(report.Groups).Any(key => key.EndsWith(cluster.NameOf(2), StringComparison.Ordinal)));
        await cluster.KillAsync(cluster.NameOf(0));
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
        await cluster.StopAsync(cluster.NameOf(1));
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
        grain = cluster.Silos.SiloClient.GetGrain<IModelGrain>(Model.Name);
        Assert.True(await TestCluster.RetryAsync(() => grain.UnloadAdapterAsync("late")));
        Assert.False(await grain.UnloadAdapterAsync("late"));
        Assert.Contains("does not exist", (await RefusedAsync(cluster.Model, request)).Message, StringComparison.Ordinal);
        Assert.All(cluster.Silos.Silos, silo => Assert.Empty(HostOf(cluster, silo).NamedAdapters));
    }

    [Fact]
    public async Task Answers_end_with_the_adapter_that_they_have_begun_with()
    {
        using TestAdapters adapters = new(Model, 1);
        await using HunyuanCluster cluster = await StartAsync(2, adapters);
        RequestSpec request = cluster.Model.Spec(TestRequests.Create(1, Model.VocabularySize)[0] with { Adapter = "a0" });
        await cluster.Model.GenerateAsync(request.ToRequest());
        IModelGrain grain = cluster.Silos.SiloClient.GetGrain<IModelGrain>(Model.Name);
        Assert.True(await grain.UnloadAdapterAsync("a0"));
        RequestSpec resumed = request with { AdapterDigest = adapters.DigestOf("a0") };
        Assert.Null(await ErrorAsync(cluster.Model, resumed));
        Assert.NotNull(await ErrorAsync(cluster.Model, request));

        // Another content under the name does not continue them.
        Assert.Null((await LoadAsync(grain, "a0", adapters.Write("other", 9))).Problem);
        Assert.Contains("does not exist any more", (await ErrorAsync(cluster.Model, resumed))!.Message, StringComparison.Ordinal);
        Assert.Null(await ErrorAsync(cluster.Model, request));
    }

    [Fact]
    public async Task Another_content_under_a_name_counts_on_silos_that_were_started_with_the_old_one_too()
    {
        using TestAdapters adapters = new(Model, 1);
        string folder = adapters.Write("other", 9);
        GenerationRequest request = TestRequests.Create(1, Model.VocabularySize)[0] with { Adapter = "a0" };
        int[][] expected = (await LocalReference.RunAsync(Model, [request], new Dictionary<string, string> { ["a0"] = folder }))[0];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            2, Model, (number, options) => number == 0 ? adapters.AddTo(options) : options with { AdapterBytes = TestAdapters.Budget });
        await cluster.Model.GenerateAsync(request);
        IModelGrain grain = cluster.Silos.SiloClient.GetGrain<IModelGrain>(Model.Name);
        Assert.True(await grain.UnloadAdapterAsync("a0"));
        Assert.Null((await LoadAsync(grain, "a0", folder)).Problem);

        // The next plan leaves no silo out.
        await cluster.AddAsync();
        ModelReport report = await cluster.Model.UntilAsync(
            report => report.Stages.Concat(report.Groups).Any(key => key.EndsWith(cluster.NameOf(2), StringComparison.Ordinal)));
        Assert.Empty(report.LeftOut);
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
    }

    [Fact]
    public async Task A_silo_with_less_memory_than_adapters_in_use_takes_part_when_answers_have_ended()
    {
        using TestAdapters adapters = new(Model, 2);
        long most = adapters.Folders.Keys.Max(adapters.BytesOf);
        GenerationRequest[] requests = [.. adapters.Folders.Keys.Select((name, i) => TestRequests.Create(2, Model.VocabularySize, maxTokens: 3000)[i] with { Adapter = name })];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            1, Model, (number, options) => adapters.AddTo(options, number == 0 ? TestAdapters.Budget : most));
        using CancellationTokenSource stop = new();
        Task[] answers = [.. requests.Select(request => cluster.Model.GenerateAsync(request, stop.Token))];
        await cluster.Model.UntilAsync(static report => report.Statistics.Running == 2);
        await cluster.AddAsync();
        ModelReport report = await cluster.Model.UntilAsync(report => report.LeftOut.Count > 0 || answers.Any(static answer => answer.IsCompleted));
        Assert.Contains("bytes for adapters, and those in use take", report.LeftOut[cluster.NameOf(1)], StringComparison.Ordinal);
        await stop.CancelAsync();
        await Task.WhenAll(answers).ContinueWith(static _ => { }, TaskScheduler.Default);
        await cluster.Model.UntilAsync(report => report.Stages.Concat(report.Groups).Any(key => key.EndsWith(cluster.NameOf(1), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Adapters_beyond_the_budget_are_dropped_and_loaded_again()
    {
        using TestAdapters adapters = new(Model, 5);
        GenerationRequest[] requests = adapters.Mix(TestRequests.Create(18, Model.VocabularySize));
        int[][][] expected = await LocalReference.RunAsync(Model, requests, adapters.Folders);
        long budget = 2 * adapters.Folders.Keys.Max(adapters.BytesOf);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(3, Model, (_, options) => adapters.AddTo(options, budget));
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
            Assert.All(cluster.Silos.Silos, silo => Assert.InRange(HostOf(cluster, silo).Adapters.LoadedBytes, 0, budget));
        }

        Assert.Contains(cluster.Silos.Silos, silo => HostOf(cluster, silo).Adapters.LoadedBytes > 0);
    }

    [Fact]
    public async Task An_adapter_whose_files_have_gone_fails_its_own_requests_only()
    {
        using TestAdapters adapters = new(Model, 2);
        GenerationRequest[] requests = adapters.Mix(TestRequests.Create(9, Model.VocabularySize));
        int[][][] expected = await LocalReference.RunAsync(Model, requests, adapters.Folders);
        await using HunyuanCluster cluster = await StartAsync(2, adapters);
        await cluster.Model.UntilAsync(static report => report.Card.Problem is null);
        Directory.Delete(adapters.Folders["a1"], recursive: true);
        Task<string>[] answers = [.. requests.Select(request => TryAsync(cluster.Model, request))];
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.Equal(
                requests[i].Adapter == "a1" ? "The adapter 'a1' cannot be loaded any more; the log has the details." : string.Join(' ', expected[i][0]), await answers[i]);
        }
    }

    [Fact]
    public async Task A_silo_with_another_content_under_a_name_takes_no_part_in_the_model()
    {
        using TestAdapters adapters = new(Model, 1);
        Dictionary<string, string> other = new() { ["a0"] = adapters.Write("other", 7) };
        GenerationRequest request = TestRequests.Create(1, Model.VocabularySize)[0] with { Adapter = "a0" };
        int[][] expected = (await LocalReference.RunAsync(Model, [request], adapters.Folders))[0];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(3, Model, (number, options) => number < 2
            ? adapters.AddTo(options)
            : options with { AdapterBytes = TestAdapters.Budget, Models = [.. options.Models.Select(model => model with { Adapters = other })] });
        ModelReport report = await cluster.Model.UntilAsync(static report => report.LeftOut.Count > 0 && report.Stages.Length > 0);
        Assert.Contains("adapter a0", report.LeftOut[cluster.NameOf(2)], StringComparison.Ordinal);
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
    }

    [Fact]
    public async Task A_silo_that_cannot_use_an_adapter_of_the_cluster_is_left_out_and_says_why()
    {
        using TestAdapters adapters = new(Model, 1);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            1, Model, (number, options) => number == 0 ? adapters.AddTo(options) : options, new ClusterSetup { FailsFast = true });
        await cluster.Model.UntilAsync(static report => report.Stages.Length > 0);
        await cluster.AddAsync();
        ModelReport report = await cluster.Model.UntilAsync(static report => report.LeftOut.Count > 0);
        Assert.Contains("cannot use adapter a0: The silo was started without memory for adapters", report.LeftOut[cluster.NameOf(1)], StringComparison.Ordinal);

        // It takes part once the adapter is not used any more.
        Assert.True(await cluster.Silos.SiloClient.GetGrain<IModelGrain>(Model.Name).UnloadAdapterAsync("a0"));
        await cluster.Model.UntilAsync(report => report.Stages.Concat(report.Groups).Any(key => key.EndsWith(cluster.NameOf(1), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Silos_hold_the_parts_of_adapters_for_their_own_pieces()
    {
        using TestAdapters adapters = new(Model, 1);
        SiloRole[] roles = [SiloRole.Attention, SiloRole.Experts, SiloRole.Experts];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            roles.Length, Model, (number, options) => adapters.AddTo(options with { Capacity = options.Capacity with { Role = roles[number] } }));
        await cluster.Model.UntilAsync(static report => report.Groups.Length > 1);
        GenerationRequest request = TestRequests.Create(1, Model.VocabularySize)[0] with { Adapter = "a0" };
        await cluster.Model.GenerateAsync(request);
        AdapterMessage[] named = [new("a0", adapters.DigestOf("a0"), adapters.Folders["a0"])];
        int layer = Enumerable.Range(0, Model.Config.Layers).First(Model.Config.IsMoeLayer);
        int covered = 0;
        for (int silo = 0; silo < roles.Length; silo++)
        {
            ModelHost host = HostOf(cluster, cluster.Silos.Silos[silo]);
            using StepAdapters parts = await host.Adapters.AcquireAsync(named, CancellationToken.None);
            Assert.True(parts.ChangeExperts(layer));
            Assert.Equal(roles[silo] == SiloRole.Attention, parts.Cover(layer));
            for (int expert = 0; expert < Model.Config.Experts; expert++)
            {
                Assert.Equal(host.Loaded.Device.Holds(ModelPiece.OfExpert(layer, expert)), parts.Cover(layer, expert));
                covered += parts.Cover(layer, expert) ? 1 : 0;
            }
        }

        Assert.Equal(Model.Config.Experts, covered);
    }

    private static Task<HunyuanCluster> StartAsync(int silos, TestAdapters adapters) => HunyuanCluster.StartAsync(silos, Model, (_, options) => adapters.AddTo(options));

    private static ModelHost HostOf(HunyuanCluster cluster, SiloAddress silo) => cluster.Silos.ServicesOf(silo).GetRequiredService<ModelHosts>().Get(Model.Name);

    private static async Task<string> TryAsync(ModelClient model, GenerationRequest request)
    {
        try
        {
            return string.Join(' ', (await model.GenerateAsync(request))[0]);
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
    }

    private static async Task<RequestError> RefusedAsync(ModelClient model, GenerationRequest request) =>
        Assert.IsType<RequestError>(await ErrorAsync(model, model.Spec(request)));

    private static async Task<RequestError?> ErrorAsync(ModelClient model, RequestSpec request)
    {
        RequestError? error = null;
        await foreach (TokenBatch batch in model.StreamAsync(request))
        {
            error ??= batch.RequestError;
        }

        return error;
    }

    // Tokens and the bits of their log probabilities.
    private static async Task<string> SamplesAsync(ModelClient model, GenerationRequest request)
    {
        List<string> samples = [];
        await foreach (TokenBatch batch in model.StreamAsync(request))
        {
            Assert.Null(batch.Error);
            samples.AddRange(batch.Samples.Select(static sample => sample.ToToken()).Select(static token =>
                $"{token.Id} {BitConverter.SingleToInt32Bits(token.LogProbability)} {string.Join(',', token.Top!.Select(static top => $"{top.Id} {BitConverter.SingleToInt32Bits(top.LogProbability)}"))}"));
        }

        return string.Join(';', samples);
    }
}
