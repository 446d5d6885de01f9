using HunyuanOrleans.Contracts.Requests;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Sampling;

public sealed class SamplingParamsTests
{
    public static TheoryData<string, string, string> Wrong => new()
    {
        { "temperature", "-0.5", "0 (greedy) or more" },
        { "temperature", "NaN", "0 (greedy) or more" },
        { "top_k", "-2", "1 or more, or 0 or -1" },
        { "top_p", "0", "above 0, up to 1" },
        { "top_p", "1.5", "above 0, up to 1" },
        { "min_p", "1.1", "0 to 1" },
        { "repetition_penalty", "0", "above 0" },
        { "presence_penalty", "2.5", "-2 to 2" },
        { "frequency_penalty", "-3", "-2 to 2" },
        { "logprobs", "21", "0 to 20" },
        { "logit_bias", "100", "0 to 99" },
        { "banned_tokens", "-1", "0 to 99" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_out_of_range_is_rejected_with_its_name_and_range(string parameter, string value, string allowed)
    {
        float number = float.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
        SamplingParams parameters = parameter switch
        {
            "temperature" => new() { Temperature = number },
            "top_k" => new() { TopK = (int)number },
            "top_p" => new() { TopP = number },
            "min_p" => new() { MinP = number },
            "repetition_penalty" => new() { RepetitionPenalty = number },
            "presence_penalty" => new() { PresencePenalty = number },
            "frequency_penalty" => new() { FrequencyPenalty = number },
            "logprobs" => new() { LogProbabilities = (int)number },
            "logit_bias" => new() { LogitBias = new Dictionary<int, float> { [(int)number] = 1 } },
            _ => new() { BannedTokens = [(int)number] },
        };
        RequestException error = Assert.Throws<RequestException>(() => parameters.Validate(100));
        Assert.Equal(parameter, error.Parameter);
        Assert.Contains(parameter, error.Message);
        Assert.Contains(value, error.Message);
        Assert.Contains(allowed, error.Message);
    }

    [Fact]
    public void Values_that_are_set_replace_defaults()
    {
        SamplingParams model = SamplingParams.Default.With(temperature: 0.7f, topP: 0.6f, topK: 20, repetitionPenalty: 1.05f);
        SamplingParams request = model.With(temperature: 0, seed: 4);
        request.Validate(10);
        Assert.Equal((0f, 0.6f, 20, 1.05f, 4UL), (request.Temperature, request.TopP, request.TopK, request.RepetitionPenalty, request.Seed!.Value));
        Assert.True(request.IsGreedy && request.HasPenalties);
    }
}
