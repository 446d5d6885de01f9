using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>Validates the values of one settings class. Its messages name the option, the variable and what is allowed.</summary>
/// <typeparam name="T">The settings class.</typeparam>
public abstract class SettingsValidator<T> : IValidateOptions<T> where T : class
{
    /// <summary>Describes every wrong value; empty if all are valid.</summary>
    /// <param name="settings">The values.</param>
    public IReadOnlyList<string> FindProblems(T settings)
    {
        SettingProblems problems = new(typeof(T));
        Validate(settings, problems);
        return problems.Messages;
    }

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, T options) =>
        FindProblems(options) is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;

    /// <summary>Checks every value.</summary>
    private protected abstract void Validate(T settings, SettingProblems problems);
}

/// <summary>The problems found in a settings class.</summary>
/// <param name="settings">The class.</param>
internal sealed class SettingProblems(Type settings)
{
    private readonly List<string> _messages = [];

    /// <summary>One message for each problem.</summary>
    public IReadOnlyList<string> Messages => _messages;

    /// <summary>Adds a problem unless the value is valid.</summary>
    /// <param name="valid">Whether it is.</param>
    /// <param name="property">Name of the property.</param>
    /// <param name="value">The value as the message shows it; null or empty for one that was not given.</param>
    /// <param name="allowed">What values are allowed, in words.</param>
    public void Require(bool valid, string property, object? value, string allowed)
    {
        if (!valid)
        {
            _messages.Add(SettingTable.Of(settings, property).Problem(value, allowed));
        }
    }
}
