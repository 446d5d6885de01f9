using System.Buffers;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Sends streamed chats or completions to a server with OpenAI's API and measures when their chunks arrive. Uses no part of this project's own
/// server.
/// </summary>
/// <param name="http">Sends the requests.</param>
/// <param name="plan">What to send.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadClient(HttpClient http, LoadPlan plan, TimeProvider time)
{
    private const string EndOfStream = "[DONE]";

    // Token ids below this exist in every model.
    private const int SmallestVocabulary = 256;

    // Common words have about the same number of tokens in every vocabulary.
    private static readonly string[] Words = ["the", "river", "city", "garden", "walks", "under", "bright", "morning", "light", "with", "stone", "paper"];

    /// <summary>Sends one request and reads its answer to the end.</summary>
    /// <param name="index">The number of the request; together with the plan's seed it determines the prompt.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The measured times, or the error that ended the request.</returns>
    public async Task<LoadSample> SendAsync(int index, CancellationToken cancellation)
    {
        ResponseTimings timings = new(time);
        try
        {
            Uri url = new(plan.Url, plan.Ids ? "v1/completions" : "v1/chat/completions");
            using HttpRequestMessage request = new(HttpMethod.Post, url) { Content = CreateBody(index) };
            request.Headers.Authorization = plan.ApiKey is null ? null : new AuthenticationHeaderValue("Bearer", plan.ApiKey);
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!response.IsSuccessStatusCode)
            {
                return timings.CreateSample($"HTTP {(int)response.StatusCode}");
            }

            await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
            await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync(cancellation))
            {
                if (item.Data == EndOfStream)
                {
                    return timings.CreateSample(timings.Error);
                }

                timings.Record(item.Data);

                // Reading completes synchronously while data is available. Yield, so that the readers of other answers get the thread too.
                await Task.Yield();
            }

            return timings.CreateSample("the stream broke off");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return timings.CreateSample(e is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http ? http.HttpRequestError.ToString() : e.GetType().Name);
        }
    }

    private ByteArrayContent CreateBody(int index)
    {
        Random random = new(HashCode.Combine(plan.Seed, index));
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", plan.Model);
            WritePrompt(json, random);
            json.WriteNumber("max_tokens", plan.AnswerLength);
            if (plan.IgnoreEos)
            {
                json.WriteBoolean("ignore_eos", true);
            }

            json.WriteBoolean("stream", true);
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new ByteArrayContent(buffer.WrittenMemory.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }

    private void WritePrompt(Utf8JsonWriter json, Random random)
    {
        if (plan.Ids)
        {
            json.WriteStartArray("prompt");
            for (int i = 0; i < plan.PromptLength; i++)
            {
                json.WriteNumberValue(random.Next(SmallestVocabulary));
            }

            json.WriteEndArray();
            return;
        }

        json.WriteStartArray("messages");
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteString("content", string.Join(' ', Enumerable.Range(0, plan.PromptLength).Select(_ => Words[random.Next(Words.Length)])));
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private sealed class ResponseTimings(TimeProvider time)
    {
        private readonly long _started = time.GetTimestamp();
        private readonly List<double> _gaps = [];
        private double? _first;
        private long _last;
        private int _chunks, _promptTokens, _answerTokens;

        public string? Error { get; private set; }

        public void Record(string data)
        {
            using JsonDocument document = JsonDocument.Parse(data);
            JsonElement chunk = document.RootElement;
            if (chunk.TryGetProperty("error", out _))
            {
                Error = "an error in the stream";
            }

            if (chunk.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object)
            {
                _promptTokens = usage.GetProperty("prompt_tokens").GetInt32();
                _answerTokens = usage.GetProperty("completion_tokens").GetInt32();
            }

            if (HasText(chunk))
            {
                long now = time.GetTimestamp();
                if (_first is null)
                {
                    _first = time.GetElapsedTime(_started, now).TotalMilliseconds;
                }
                else
                {
                    _gaps.Add(time.GetElapsedTime(_last, now).TotalMilliseconds);
                }

                _last = now;
                _chunks++;
            }
        }

        public LoadSample CreateSample(string? error) => new(
            error, _first, time.GetElapsedTime(_started).TotalMilliseconds, _gaps, _promptTokens, _answerTokens > 0 ? _answerTokens : _chunks);

        private static bool HasText(JsonElement chunk) =>
            chunk.TryGetProperty("choices", out JsonElement choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0
            && (IsText(choices[0], "text")
                || (choices[0].TryGetProperty("delta", out JsonElement delta) && delta.ValueKind == JsonValueKind.Object
                    && (IsText(delta, "content") || IsText(delta, "reasoning_content") || IsText(delta, "reasoning"))));

        private static bool IsText(JsonElement json, string name) =>
            json.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String && text.GetString()!.Length > 0;
    }
}
