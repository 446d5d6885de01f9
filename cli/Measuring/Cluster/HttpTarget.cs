using System.Buffers;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>
/// Benchmarks the model of another target behind the HTTP server. Server and client run in this process and share its CPUs with the model.
/// Answers are read as token ids, so a model without a tokenizer works too. Does not own the model.
/// </summary>
internal sealed class HttpTarget : IBenchTarget
{
    private const string TextProperty = "\"text\":\"";

    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private HttpTarget(WebApplication app)
    {
        _app = app;
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _client = new HttpClient { BaseAddress = new Uri(address), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public string Name => "over HTTP";

    /// <inheritdoc/>
    public int Silos => 0;

    /// <summary>Starts a server on a free port of this machine.</summary>
    /// <param name="local">The target whose model is served; it must outlive the server.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static async Task<HttpTarget> CreateAsync(LocalTarget local, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "hunyuan" });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        builder.Services.AddHunyuanServerHost(configure: static options => options.Port = 0);
        WebApplication app = builder.Build();
        app.MapHunyuanApi();
        app.Services.GetRequiredService<ModelSlot>().Set(new ServedModel("bench", local.Generator, null, null, GenerationDefaults.Published, 0));
        await app.StartAsync(cancellationToken);
        return new HttpTarget(app);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<int> RunAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Post, "/v1/completions") { Content = CreateBody(request) };
        using HttpResponseMessage response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using StreamReader lines = new(await response.Content.ReadAsStreamAsync(cancellationToken));
        if (!response.IsSuccessStatusCode)
        {
            throw new ModelException(await lines.ReadToEndAsync(cancellationToken));
        }

        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            int tokens = CountTokens(line);
            if (tokens > 0)
            {
                yield return tokens;
            }
        }
    }

    /// <inheritdoc/>
    public Task<SiloTraffic> GetTrafficAsync() => Task.FromResult(default(SiloTraffic));

    /// <inheritdoc/>
    public Task<double?> MeasureEmptyCallAsync(int bytes) => Task.FromResult<double?>(null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    // Without a tokenizer the server writes each token id followed by a space. Parsing whole JSON objects here would slow down the model.
    private static int CountTokens(string line)
    {
        int start = line.IndexOf(TextProperty, StringComparison.Ordinal);
        if (start < 0)
        {
            return 0;
        }

        ReadOnlySpan<char> text = line.AsSpan(start + TextProperty.Length);
        return text[..text.IndexOf('"')].Count(' ');
    }

    private static ByteArrayContent CreateBody(GenerationRequest request)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("prompt");
            foreach (int id in request.PromptIds.Span)
            {
                json.WriteNumberValue(id);
            }

            json.WriteEndArray();
            json.WriteNumber("max_tokens", request.MaxTokens!.Value);
            json.WriteNumber("temperature", request.Sampling.Temperature);
            json.WriteBoolean("ignore_eos", request.IgnoreEos);
            json.WriteBoolean("stream", true);
            json.WriteEndObject();
        }

        return new ByteArrayContent(buffer.WrittenMemory.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }
}
