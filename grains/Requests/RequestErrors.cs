using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>RequestErrors that several grains give, in the same words.</summary>
internal static class RequestErrors
{
    /// <summary>The refusal of a model that the cluster does not have; null where it has it.</summary>
    public static RequestError? UnknownModel(ModelHosts hosts, string model) => hosts.Knows(model)
        ? null
        : new RequestError("model", $"model is \"{model}\"; allowed: {string.Join(", ", hosts.All.Select(static host => host.Settings.Name))}.", false);

    /// <summary>The refusal of text for a model that has none.</summary>
    public static RequestError NoText(string model) =>
        new("model", $"Model {model} has no tokenizer; allowed: prompts of token ids, and answers without text.", false);
}
