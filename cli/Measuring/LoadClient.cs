using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>Sends one streamed chat or completion to an OpenAI server and times what comes. It knows nothing of this project's own server.</summary>
/// <param name="http">The connections.</param>
/// <param name="plan">What is sent.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadClient(HttpClient http, LoadPlan plan, TimeProvider time)
{
    private const string DataMark = "data: ", EndMark = "[DONE]";

    // Ids that every model has.
    private const int SmallVocabulary = 256;

    // Common words; their tokens cost about the same in every vocabulary.
    private static readonly string[] Words = ["the", "river", "city", "garden", "walks", "under", "bright", "morning", "light", "with", "stone", "paper"];

    /// <summary>Sends one request and reads its answer.</summary>
    /// <param name="index">Which; decides the prompt.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<LoadSample> SendAsync(int index, CancellationToken cancellation)
    {
        long begun = time.GetTimestamp();
        Reading reading = new(time, begun);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, new Uri(plan.Url, plan.Ids ? "v1/completions" : "v1/chat/completions")) { Content = Body(index) };
            request.Headers.Authorization = plan.ApiKey is null ? null : new AuthenticationHeaderValue("Bearer", plan.ApiKey);
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!response.IsSuccessStatusCode)
            {
                return reading.Sample($"HTTP {(int)response.StatusCode}");
            }

            using StreamReader lines = new(await response.Content.ReadAsStreamAsync(cancellation));
            while (await lines.ReadLineAsync(cancellation) is { } line)
            {
                if (line == DataMark + EndMark)
                {
                    return reading.Sample(reading.Error);
                }

                if (line.StartsWith(DataMark, StringComparison.Ordinal))
                {
                    reading.Take(line[DataMark.Length..]);

                    // Where data is always there, reading never waits: other answers' readers need the thread too.
                    await Task.Yield();
                }
            }

            return reading.Sample("the stream broke off");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return reading.Sample(e is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http ? http.HttpRequestError.ToString() : e.GetType().Name);
        }
    }

    private ByteArrayContent Body(int index)
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
                json.WriteNumberValue(random.Next(SmallVocabulary));
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

    private sealed class Reading(TimeProvider time, long begun)
    {
        private readonly List<double> _gaps = [];
        private double? _first;
        private long _last;
        private int _pieces, _prompt, _answer;

        public string? Error { get; private set; }

        public void Take(string json)
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement chunk = document.RootElement;
            if (chunk.TryGetProperty("error", out _))
            {
                Error = "an error in the stream";
            }

            if (chunk.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object)
            {
                _prompt = usage.GetProperty("prompt_tokens").GetInt32();
                _answer = usage.GetProperty("completion_tokens").GetInt32();
            }

            if (HasText(chunk))
            {
                long now = time.GetTimestamp();
                if (_first is null)
                {
                    _first = time.GetElapsedTime(begun, now).TotalMilliseconds;
                }
                else
                {
                    _gaps.Add(time.GetElapsedTime(_last, now).TotalMilliseconds);
                }

                _last = now;
                _pieces++;
            }
        }

        public LoadSample Sample(string? error) => new(
            error, _first, time.GetElapsedTime(begun).TotalMilliseconds, _gaps, _prompt, _answer > 0 ? _answer : _pieces);

        private static bool HasText(JsonElement chunk) =>
            chunk.TryGetProperty("choices", out JsonElement choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0
            && (choices[0].TryGetProperty("text", out JsonElement content)
                || (choices[0].TryGetProperty("delta", out JsonElement delta) && delta.TryGetProperty("content", out content)))
            && content.ValueKind == JsonValueKind.String && content.GetString()!.Length > 0;
    }
}
