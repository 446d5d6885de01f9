namespace HunyuanOrleans.Silo.Settings;

/// <summary>Validates <see cref="TlsSettings"/>.</summary>
public sealed class TlsSettingsValidator : SettingsValidator<TlsSettings>
{
    private const string NeedsCertificate = "nothing without a certificate";

    private protected override void Validate(TlsSettings s, SettingProblems problems)
    {
        foreach ((string property, string? path) in new[] { (nameof(s.Certificate), s.Certificate), (nameof(s.Key), s.Key), (nameof(s.Authority), s.Authority) })
        {
            problems.Require(string.IsNullOrEmpty(path) || File.Exists(path), property, path, "an existing PEM file");
        }

        problems.Require(
            !s.Enabled || !string.IsNullOrEmpty(s.Authority) || !string.IsNullOrEmpty(s.HostName), nameof(s.Authority), s.Authority,
            "a file of authorities, or else a name to check in --tls-host-name: with neither, any certificate that this machine trusts could join");
        problems.Require(s.Enabled || string.IsNullOrEmpty(s.Key), nameof(s.Key), s.Key, NeedsCertificate);
        problems.Require(s.Enabled || string.IsNullOrEmpty(s.Authority), nameof(s.Authority), s.Authority, NeedsCertificate);
        problems.Require(s.Enabled || string.IsNullOrEmpty(s.HostName), nameof(s.HostName), s.HostName, NeedsCertificate);
    }
}
